/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */
package standin;

import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Short answers of known length. */
final class Reply {
    private Reply() {
    }

    static void json(HttpServletResponse response, Object value) throws IOException {
        send(response, "application/json", Json.of(value));
    }

    static void text(HttpServletResponse response, String body) throws IOException {
        send(response, "text/plain;charset=UTF-8", body);
    }

    static void send(HttpServletResponse response, String type, String body) throws IOException {
        send(response, type, body.getBytes(StandardCharsets.UTF_8));
    }

    static void send(HttpServletResponse response, String type, byte[] bytes) throws IOException {
        response.setContentType(type);
        response.setContentLength(bytes.length);
        response.getOutputStream().write(bytes);
    }
}
