/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */
package standin;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Answers that wait for an event, never for a time: /slow?id=x sends a first piece and its flush, then waits for
 * /slow/release?id=x before the second (?first= and ?second= are the pieces; with before=1 it waits before the
 * status line instead). /slow/waiting?id=x tells whether a request stands there.
 */
public final class SlowServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Query query = new Query(request);
        Node.Gate gate = Node.gate(query.get("id", "default"));
        String action = request.getPathInfo();
        if (action != null) {
            Map<String, Object> told = new LinkedHashMap<>();
            told.put("waiting", gate.waiting());
            if (action.equals("/release")) {
                gate.open();
            }
            Reply.json(response, told);
            return;
        }
        boolean opened = true;
        if (query.on("before")) {
            opened = gate.pass();
        }
        response.setContentType(query.get("type", "text/plain;charset=UTF-8"));
        OutputStream out = response.getOutputStream();
        out.write(query.get("first", "first\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
        response.flushBuffer();
        if (!query.on("before")) {
            opened = gate.pass();
        }
        out.write((opened ? query.get("second", "second\n") : "never released\n").getBytes(StandardCharsets.UTF_8));
    }
}
