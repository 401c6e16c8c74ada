/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */
package standin;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * /download?bytes=N[&chunked=1][&trailer=value]: N bytes of a known pattern, never all in memory. Knows HEAD,
 * one Range, If-Range, If-None-Match and If-Modified-Since. The pattern is a block of 65521 bytes (a prime, so
 * that no buffer size hides a shift) repeated; the test side makes the same block (Atl::Pattern).
 */
public final class DownloadServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;
    private static final int BLOCK = 65521;
    private static final byte[] PATTERN = pattern();
    private static final long MODIFIED = 1_700_000_000_000L;
    private static final Pattern RANGE = Pattern.compile("bytes=(\\d*)-(\\d*)");

    private static byte[] pattern() {
        byte[] block = new byte[BLOCK];
        long x = 1;
        for (int i = 0; i < BLOCK; i++) {
            x = (x * 1103515245L + 12345L) & 0x7fffffffL;
            block[i] = (byte) (x >> 16);
        }
        return block;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Query query = new Query(request);
        long size = query.number("bytes", 1024);
        String etag = "\"bytes-" + size + "\"";
        response.setHeader("ETag", etag);
        response.setDateHeader("Last-Modified", MODIFIED);
        response.setHeader("Accept-Ranges", "bytes");
        response.setContentType("application/octet-stream");
        if (unchanged(request, etag)) {
            response.setStatus(304);
            return;
        }
        long[] range = query.on("chunked") ? null : range(request, size, etag);
        if (range != null && range[0] > range[1]) {
            response.setHeader("Content-Range", "bytes */" + size);
            response.setStatus(416);
            return;
        }
        if (range != null) {
            response.setStatus(206);
            response.setHeader("Content-Range", "bytes " + range[0] + "-" + range[1] + "/" + size);
        }
        long from = range == null ? 0 : range[0];
        long to = range == null ? size : range[1] + 1;
        if (!query.on("chunked")) {
            response.setContentLengthLong(to - from);
        }
        if (query.has("trailer")) {
            String value = query.get("trailer", "");
            response.setHeader("Trailer", "X-Trailer");
            response.setTrailerFields(() -> Map.of("X-Trailer", value));
        }
        if (!request.getMethod().equals("HEAD")) {
            write(response.getOutputStream(), from, to);
        }
    }

    private static boolean unchanged(HttpServletRequest request, String etag) {
        String match = request.getHeader("If-None-Match");
        if (match != null) {
            return match.contains(etag) || match.trim().equals("*");
        }
        return request.getDateHeader("If-Modified-Since") >= MODIFIED;
    }

    /** Null: no range asked (or one to ignore); first > last: not satisfiable. */
    private static long[] range(HttpServletRequest request, long size, String etag) {
        String header = request.getHeader("Range");
        String condition = request.getHeader("If-Range");
        if (header == null || condition != null && !condition.equals(etag)) {
            return null;
        }
        Matcher parts = RANGE.matcher(header);
        if (!parts.matches() || parts.group(1).isEmpty() && parts.group(2).isEmpty()) {
            return null;
        }
        if (parts.group(1).isEmpty()) {
            return new long[] {Math.max(0, size - Long.parseLong(parts.group(2))), size - 1};
        }
        long last = parts.group(2).isEmpty() ? size - 1 : Long.parseLong(parts.group(2));
        return new long[] {Long.parseLong(parts.group(1)), Math.min(last, size - 1)};
    }

    private static void write(OutputStream out, long from, long to) throws IOException {
        for (long at = from; at < to;) {
            int offset = (int) (at % BLOCK);
            int n = (int) Math.min(BLOCK - offset, to - at);
            out.write(PATTERN, offset, n);
            at += n;
        }
    }
}
