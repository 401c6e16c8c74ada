/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */
package standin;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpSession;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** /session counts visits of one session on this node; /login starts a fresh one, as a login does. */
public final class SessionServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        HttpSession session = request.getSession(true);
        if (request.getServletPath().equals("/login")) {
            if (!session.isNew()) {
                request.changeSessionId();
            }
            session.setAttribute("user", "admin");
            response.setHeader("X-AUSERNAME", "admin");
        }
        Integer before = (Integer) session.getAttribute("visits");
        int visits = before == null ? 1 : before + 1;
        session.setAttribute("visits", visits);
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("node", Node.NAME);
        told.put("visits", visits);
        told.put("new", session.isNew());
        told.put("id", session.getId());
        told.put("user", session.getAttribute("user"));
        Reply.json(response, told);
    }
}
