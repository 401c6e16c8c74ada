/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */
package standin;

import jakarta.servlet.http.HttpServletRequest;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The query string in the order it was sent. getParameter() is no choice here: it forgets the order
 * between names, and for a form it would swallow the body.
 */
final class Query {
    private final List<String[]> pairs = new ArrayList<>();

    Query(HttpServletRequest request) {
        String raw = request.getQueryString();
        if (raw == null || raw.isEmpty()) {
            return;
        }
        for (String piece : raw.split("&")) {
            int equals = piece.indexOf('=');
            pairs.add(new String[] {
                decode(equals < 0 ? piece : piece.substring(0, equals)),
                equals < 0 ? "" : decode(piece.substring(equals + 1)),
            });
        }
    }

    private static String decode(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    List<String[]> pairs() {
        return pairs;
    }

    /** The first value of a name, or the default when the name was not sent. */
    String get(String name, String otherwise) {
        for (String[] pair : pairs) {
            if (pair[0].equals(name)) {
                return pair[1];
            }
        }
        return otherwise;
    }

    boolean has(String name) {
        return get(name, null) != null;
    }

    /** True for name=1 and for a bare name. */
    boolean on(String name) {
        String value = get(name, "0");
        return value.isEmpty() || value.equals("1");
    }

    long number(String name, long otherwise) {
        String value = get(name, null);
        return value == null ? otherwise : Long.parseLong(value);
    }
}
