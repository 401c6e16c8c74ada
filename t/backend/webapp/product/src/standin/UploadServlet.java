/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */
package standin;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * /upload[?id=x][&gate=g][&sha256=0] reads the whole body in bounded memory; /upload/progress?id=x tells, while
 * it runs, how much has arrived: a proxy that spools shows nothing there. With gate= nothing is read (and no
 * "100 Continue" sent) before /slow/release?id=g. /expect?refuse=413 answers without reading at all.
 */
public final class UploadServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;
    private static final Map<String, Body> RUNNING = new ConcurrentHashMap<>();

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Query query = new Query(request);
        if ("/progress".equals(request.getPathInfo())) {
            progress(response, query);
        } else if (query.has("refuse")) {
            response.setStatus((int) query.number("refuse", 417));
            Reply.text(response, "refused unread\n");
        } else {
            upload(request, response, query);
        }
    }

    private static void upload(HttpServletRequest request, HttpServletResponse response, Query query)
            throws IOException {
        if (query.has("gate")) {
            Node.gate(query.get("gate", "")).pass();
        }
        Body body = new Body(request.getInputStream(), query.get("sha256", "1").equals("1"));
        if (query.has("id")) {
            RUNNING.put(query.get("id", ""), body);
        }
        body.readAll();
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("node", Node.NAME);
        told.put("bytes", body.length());
        told.put("crc32", body.crc32());
        told.put("sha256", body.sha256());
        told.put("firstByteMillis", body.firstByteMillis());
        told.put("contentLength", request.getContentLengthLong());
        told.put("transferEncoding", request.getHeader("Transfer-Encoding"));
        told.put("expect", request.getHeader("Expect"));
        Reply.json(response, told);
    }

    private static void progress(HttpServletResponse response, Query query) throws IOException {
        Body body = RUNNING.get(query.get("id", ""));
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("known", body != null);
        told.put("bytes", body == null ? 0 : body.length());
        told.put("complete", body != null && body.complete());
        Reply.json(response, told);
    }
}
