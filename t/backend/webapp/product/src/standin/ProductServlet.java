/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */
package standin;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The resources a product is known by from outside: status, application link manifest, serverInfo,
 * fingerprinted static files; and /control, with which a test changes them.
 */
public final class ProductServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;
    private static final AtomicInteger STATIC_SERVED = new AtomicInteger();
    private static final Pattern SIZE = Pattern.compile("/bytes-(\\d{1,7})/");
    private static final byte[] RULES = ".aui-button { margin: 1px; }\n".repeat(200).getBytes(StandardCharsets.UTF_8);

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String path = request.getServletPath();
        if (path.equals("/control")) {
            control(response, new Query(request));
        } else if (path.equals("/s")) {
            fingerprinted(request, response);
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
                + "<typeId>" + Node.PRODUCT.typeId + "</typeId><version>" + Node.PRODUCT.version + "</version>"
                + "<url>" + Node.baseUrl.replace("&", "&amp;").replace("<", "&lt;") + "</url></manifest>\n");
    }

    private static void serverInfo(HttpServletResponse response) throws IOException {
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("baseUrl", Node.baseUrl);
        told.put("version", Node.PRODUCT.version);
        told.put("deploymentType", "Server");
        told.put("serverTitle", "Stand-in Jira");
        Reply.json(response, told);
    }

    /** ?state=&baseUrl= set, ?reset=1 restores; always answers what is in force. */
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
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("node", Node.NAME);
        told.put("state", Node.state);
        told.put("baseUrl", Node.baseUrl);
        Reply.json(response, told);
    }

    /**
     * /s/<hash>/_/x.css: the same for everybody and for ever. X-Served counts what really came from here; with
     * /bytes-N/ in the path it is N bytes long.
     */
    private static void fingerprinted(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setHeader("Cache-Control", "public, max-age=31536000");
        response.setDateHeader("Expires", System.currentTimeMillis() + 31536000000L);
        response.setHeader("X-Served", String.valueOf(STATIC_SERVED.incrementAndGet()));
        byte[] text = ("/* " + Node.NAME + " " + request.getPathInfo() + " */\n").getBytes(StandardCharsets.UTF_8);
        Matcher size = SIZE.matcher(request.getPathInfo());
        Reply.send(response, "text/css;charset=UTF-8", size.find() ? padded(text, Integer.parseInt(size.group(1))) : text);
    }
    /** text, then rules of a style sheet up to length bytes; made cheaply, what is measured is not this. */
    private static byte[] padded(byte[] text, int length) {
        byte[] all = Arrays.copyOf(text, length);
        for (int at = text.length; at < length; at += RULES.length) {
            System.arraycopy(RULES, 0, all, at, Math.min(RULES.length, length - at));
        }
        return all;
    }
}
