/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */
package standin;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.zip.GZIPOutputStream;

/** Answers made to order: /redirect, /cookie, /headers, /status-code, /html, /gzip. */
public final class AnswerServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Query query = new Query(request);
        switch (request.getServletPath()) {
        case "/redirect":
            redirect(request, response, query);
            break;
        case "/cookie":
            response.addHeader("Set-Cookie", cookie(query));
            Reply.text(response, "cookie\n");
            break;
        case "/headers":
            for (String[] pair : query.pairs()) {
                response.addHeader(pair[0], pair[1]);
            }
            Reply.text(response, "headers\n");
            break;
        case "/status-code":
            statusCode(response, query);
            break;
        case "/html":
            page(request, response);
            break;
        default:
            gzip(request, response, query);
        }
    }

    /**
     * ?to=/path&how=absolute|relative|context[&code=302] or ?location=verbatim. "absolute" is built from the
     * container's idea of its own address, as the products do; "context" is the path with the context in front.
     */
    private static void redirect(HttpServletRequest request, HttpServletResponse response, Query query)
            throws IOException {
        String to = query.get("to", "/echo");
        String location = query.get("location", null);
        if (location == null) {
            String context = request.getContextPath();
            switch (query.get("how", "absolute")) {
            case "relative":
                location = to;
                break;
            case "context":
                location = context + to;
                break;
            default:
                StringBuffer url = request.getRequestURL();
                int path = url.indexOf("/", url.indexOf("://") + 3);
                location = url.substring(0, path) + context + to;
            }
        }
        long code = query.number("code", 302);
        if (code == 302 && !query.has("location")) {
            response.sendRedirect(location);
            return;
        }
        response.setStatus((int) code);
        response.setHeader("Location", location);
        Reply.text(response, "moved\n");
    }

    /** ?name=&value=&path=&domain=&secure=1&httponly=1, written as asked. */
    private static String cookie(Query query) {
        StringBuilder text = new StringBuilder(query.get("name", "c") + "=" + query.get("value", "v"));
        for (String attribute : new String[] {"Path", "Domain", "Max-Age", "SameSite"}) {
            String value = query.get(attribute.toLowerCase(), null);
            if (value != null) {
                text.append("; ").append(attribute).append('=').append(value);
            }
        }
        text.append(query.on("secure") ? "; Secure" : "").append(query.on("httponly") ? "; HttpOnly" : "");
        return text.toString();
    }

    /** ?code=404[&body=text] or, with container=1, the container's own error page. */
    private static void statusCode(HttpServletResponse response, Query query) throws IOException {
        int code = (int) query.number("code", 200);
        if (query.on("container")) {
            response.sendError(code);
            return;
        }
        response.setStatus(code);
        if (code != 204 && code != 304) {
            Reply.text(response, query.get("body", "status " + code + "\n"));
        }
    }

    /** A page whose head has the container's idea of its own address, as the products' pages do. */
    private static void page(HttpServletRequest request, HttpServletResponse response) throws IOException {
        StringBuffer url = request.getRequestURL();
        String base = url.substring(0, url.length() - request.getServletPath().length());
        Reply.send(response, "text/html;charset=UTF-8", "<!DOCTYPE html>\n<html lang=\"en\"><head><title>A page</title>\n"
            + "<meta name=\"ajs-base-url\" content=\"" + base + "\">\n</head><body><p>A page</p></body></html>\n");
    }

    /** Compressed when the request allows it; X-Saw-Accept-Encoding tells what arrived. */
    private static void gzip(HttpServletRequest request, HttpServletResponse response, Query query)
            throws IOException {
        String accept = String.join(", ", Collections.list(request.getHeaders("Accept-Encoding")));
        StringBuilder page = new StringBuilder();
        for (long i = query.number("lines", 200); i > 0; i--) {
            page.append("<p>one line of compressible text</p>\n");
        }
        response.setHeader("X-Saw-Accept-Encoding", accept);
        response.setHeader("Vary", "Accept-Encoding");
        if (!accept.contains("gzip")) {
            Reply.send(response, "text/html;charset=UTF-8", page.toString());
            return;
        }
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(page.toString().getBytes(StandardCharsets.UTF_8));
        }
        response.setHeader("Content-Encoding", "gzip");
        response.setContentType("text/html;charset=UTF-8");
        response.setContentLength(packed.size());
        packed.writeTo(response.getOutputStream());
    }
}
