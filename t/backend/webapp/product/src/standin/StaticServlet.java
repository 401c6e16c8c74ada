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
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Fingerprinted files, /s/HASH/_/x.css: the same for everybody and for ever, unless the query says otherwise:
 * Name=value sets a header of the answer, Name= takes it off, ~who has the body name the client's cookie,
 * ~gate=ID waits for /slow/release?id=ID, ~status=CODE. X-Served counts what came from here, and
 * /s/count?file=/s/HASH/_/x.css tells it of one file, whatever its query. With /bytes-N/ in its path a file is N
 * bytes long.
 */
public final class StaticServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;
    private static final AtomicInteger SERVED = new AtomicInteger();
    private static final Map<String, AtomicInteger> SERVED_OF = new ConcurrentHashMap<>();
    private static final Pattern SIZE = Pattern.compile("/bytes-(\\d{1,7})/");
    private static final byte[] RULES = ".aui-button { margin: 1px; }\n".repeat(200).getBytes(StandardCharsets.UTF_8);

    private static AtomicInteger servedOf(String path) {
        return SERVED_OF.computeIfAbsent(path, unused -> new AtomicInteger());
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Query query = new Query(request);
        String path = request.getServletPath() + request.getPathInfo();
        if (path.equals("/s/count")) {
            Map<String, Object> told = new LinkedHashMap<>();
            told.put("served", servedOf(query.get("file", "")).get());
            Reply.json(response, told);
            return;
        }
        servedOf(path).incrementAndGet();
        if (query.has("~gate")) {
            Node.gate(query.get("~gate", "")).pass();
        }
        String etag = query.get("ETag", null);
        boolean unchanged = etag != null && etag.equals(request.getHeader("If-None-Match"));
        response.setStatus(unchanged ? 304 : (int) query.number("~status", 200));
        setHeaders(response, query);
        if (!unchanged) {
            String who = query.on("~who") ? " " + request.getHeader("Cookie") : "";
            byte[] text = ("/* " + Node.NAME + " " + path + who + " */\n").getBytes(StandardCharsets.UTF_8);
            Matcher size = SIZE.matcher(path);
            Reply.send(response, "text/css;charset=UTF-8", size.find() ? padded(text, Integer.parseInt(size.group(1))) : text);
        }
    }

    /** text, then rules of a style sheet up to length bytes; made cheaply, what is measured is not this. */
    private static byte[] padded(byte[] text, int length) {
        byte[] all = Arrays.copyOf(text, length);
        for (int at = text.length; at < length; at += RULES.length) {
            System.arraycopy(RULES, 0, all, at, Math.min(RULES.length, length - at));
        }
        return all;
    }

    private static void setHeaders(HttpServletResponse response, Query query) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Cache-Control", "public, max-age=31536000");
        headers.put("X-Served", String.valueOf(SERVED.incrementAndGet()));
        if (!query.has("Expires")) {
            response.setDateHeader("Expires", System.currentTimeMillis() + 31536000000L);
        }
        for (String[] pair : query.pairs()) {
            if (!pair[0].startsWith("~")) {
                headers.put(pair[0], pair[1]);
            }
        }
        headers.forEach((name, value) -> {
            if (!value.isEmpty()) {
                response.setHeader(name, value);
            }
        });
    }
}
