/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */
package standin;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** /echo, and every path nothing else claims: what the container saw of the request, as JSON. */
public final class EchoServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Map<String, Object> seen = new LinkedHashMap<>();
        seen.put("product", Node.PRODUCT.name().toLowerCase());
        seen.put("node", Node.NAME);
        requestLine(request, seen);
        connection(request, seen);
        session(request, seen);
        seen.put("headers", headers(request));
        Body body = new Body(request.getInputStream(), true);
        body.readAll();
        seen.put("bodyLength", body.length());
        seen.put("bodySha256", body.sha256());
        seen.put("trailers", trailers(request));
        response.setHeader("X-ANODEID", Node.NAME);
        Reply.json(response, seen);
    }

    private static void requestLine(HttpServletRequest request, Map<String, Object> seen) {
        seen.put("method", request.getMethod());
        seen.put("requestURI", request.getRequestURI());
        seen.put("contextPath", request.getContextPath());
        seen.put("servletPath", request.getServletPath());
        seen.put("pathInfo", request.getPathInfo());
        seen.put("queryString", request.getQueryString());
        seen.put("protocol", request.getProtocol());
    }

    private static void connection(HttpServletRequest request, Map<String, Object> seen) {
        seen.put("remoteAddr", request.getRemoteAddr());
        seen.put("remotePort", request.getRemotePort());
        seen.put("scheme", request.getScheme());
        seen.put("secure", request.isSecure());
        seen.put("serverName", request.getServerName());
        seen.put("serverPort", request.getServerPort());
        seen.put("localPort", request.getLocalPort());
    }

    private static void session(HttpServletRequest request, Map<String, Object> seen) {
        seen.put("requestedSessionId", request.getRequestedSessionId());
        seen.put("sessionIdFromURL", request.isRequestedSessionIdFromURL());
        seen.put("sessionIdFromCookie", request.isRequestedSessionIdFromCookie());
        List<Object> cookies = new ArrayList<>();
        Cookie[] sent = request.getCookies();
        for (Cookie cookie : sent == null ? new Cookie[0] : sent) {
            cookies.add(List.of(cookie.getName(), cookie.getValue()));
        }
        seen.put("cookies", cookies);
    }

    /** Pairs; the servlet interface keeps the order of names and of each name's values, no more. */
    static List<Object> headers(HttpServletRequest request) {
        List<Object> headers = new ArrayList<>();
        for (String name : Collections.list(request.getHeaderNames())) {
            for (String value : Collections.list(request.getHeaders(name))) {
                headers.add(List.of(name, value));
            }
        }
        return headers;
    }

    private static Map<String, String> trailers(HttpServletRequest request) {
        return request.isTrailerFieldsReady() ? new TreeMap<>(request.getTrailerFields()) : new TreeMap<>();
    }
}
