/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */
package standin;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The resources a product is known by from outside: status, application link manifest, serverInfo;
 * and /control, with which a test changes them.
 */
public final class ProductServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String path = request.getServletPath();
        if (path.equals("/control")) {
            control(response, new Query(request));
        } else if (path.equals("/rest/applinks/1.0/manifest")) {
            manifest(response);
        } else if (path.equals(Node.PRODUCT.statusPath)) {
            status(response);
        } else if (path.equals("/rest/api/2/serverInfo") && Node.PRODUCT == Product.JIRA) {
            serverInfo(response);
        } else if (path.equals("/rest/healthcheck/1.0/check") && Node.PRODUCT == Product.CROWD) {
            /* Some versions say 200 with a body, some 204. */
            response.setStatus(204);
        } else {
            response.sendError(404);
        }
    }

    private static void status(HttpServletResponse response) throws IOException {
        String state = Node.state;
        response.setStatus(Node.PRODUCT.statusCode(state));
        Map<String, Object> told = new LinkedHashMap<>();
        if (Node.PRODUCT == Product.BAMBOO) {
            told.put("name", "Bamboo");
        }
        told.put("state", state);
        Reply.json(response, told);
    }

    private static void manifest(HttpServletResponse response) throws IOException {
        Reply.send(response, "application/xml;charset=UTF-8",
                "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<manifest>"
                + "<id>00000000-0000-3000-8000-000000000000</id><name>" + Node.PRODUCT + "</name>"
                + "<typeId>" + Node.PRODUCT.typeId + "</typeId><version>" + Node.version + "</version>"
                + "<url>" + Node.baseUrl.replace("&", "&amp;").replace("<", "&lt;") + "</url></manifest>\n");
    }

    private static void serverInfo(HttpServletResponse response) throws IOException {
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("baseUrl", Node.baseUrl);
        told.put("version", Node.version);
        told.put("deploymentType", "Server");
        told.put("serverTitle", "Stand-in Jira");
        Reply.json(response, told);
    }

    /** ?state=&baseUrl=&version= set, ?reset=1 restores; always answers what is in force. */
    private static void control(HttpServletResponse response, Query query) throws IOException {
        if (query.on("reset")) {
            Node.reset();
        }
        String state = query.get("state", Node.state);
        if (Node.PRODUCT.statusPath != null && Node.PRODUCT.statusCode(state) == null) {
            response.setStatus(400);
            Reply.text(response, Node.PRODUCT + " has no state " + state + "\n");
            return;
        }
        Node.state = state;
        Node.baseUrl = query.get("baseUrl", Node.baseUrl);
        Node.version = query.get("version", Node.version);
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("node", Node.NAME);
        told.put("state", Node.state);
        told.put("baseUrl", Node.baseUrl);
        Reply.json(response, told);
    }
}
