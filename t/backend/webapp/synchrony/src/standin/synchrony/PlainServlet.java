/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */
package standin.synchrony;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * The same addresses without a WebSocket: the XHR fallback of the editor (POST, long poll) and what monitors ask:
 * /heartbeat of Synchrony itself, /healthcheck of Confluence's internal proxy to it.
 */
public final class PlainServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String path = request.getServletPath();
        if (path.equals("/heartbeat") || path.equals("/healthcheck")) {
            send(response, "text/plain", "OK".getBytes(StandardCharsets.UTF_8));
        } else if (path.startsWith("/v1/")) {
            fallback(request, response);
        } else {
            response.sendError(404);
        }
    }

    /** One line of facts, then the body as it came. */
    private static void fallback(HttpServletRequest request, HttpServletResponse response) throws IOException {
        byte[] body = request.getInputStream().readAllBytes();
        String line = String.format(Locale.ROOT, "xhr %s %s %s upgrade=%s\n", System.getProperty("standin.node"),
                request.getMethod(), request.getRequestURI(), request.getHeader("Upgrade"));
        byte[] head = line.getBytes(StandardCharsets.UTF_8);
        byte[] all = java.util.Arrays.copyOf(head, head.length + body.length);
        System.arraycopy(body, 0, all, head.length, body.length);
        send(response, "text/plain;charset=UTF-8", all);
    }

    private static void send(HttpServletResponse response, String type, byte[] body) throws IOException {
        response.setContentType(type);
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }
}
