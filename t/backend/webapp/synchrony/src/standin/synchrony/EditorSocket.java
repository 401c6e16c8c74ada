/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */
package standin.synchrony;

import jakarta.websocket.CloseReason;
import jakarta.websocket.HandshakeResponse;
import jakarta.websocket.OnClose;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.Session;
import jakarta.websocket.server.HandshakeRequest;
import jakarta.websocket.server.ServerEndpoint;
import jakarta.websocket.server.ServerEndpointConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * The editor's WebSocket. Echoes text and binary messages; a text message that begins with "/" is an order:
 * /close CODE REASON, /push N TEXT (N messages from the server), /ping TEXT, /handshake (the headers of the
 * handshake as it arrived), /broadcast TEXT (to every open socket), /count (how many are open).
 */
@ServerEndpoint(value = "/v1/bayeux-sync1", subprotocols = {"bayeux", "synchrony"},
        configurator = EditorSocket.Handshake.class)
public final class EditorSocket {
    private static final int LARGEST_MESSAGE = 4 * 1024 * 1024;
    private static final Set<Session> OPEN = ConcurrentHashMap.newKeySet();

    /** Keeps the handshake's headers, and sends back what a test can look for. */
    public static final class Handshake extends ServerEndpointConfig.Configurator {
        @Override
        public void modifyHandshake(ServerEndpointConfig config, HandshakeRequest request, HandshakeResponse response) {
            String seen = request.getRequestURI() + "\n" + request.getHeaders().entrySet().stream()
                    .sorted(Map.Entry.comparingByKey(String.CASE_INSENSITIVE_ORDER))
                    .map(header -> header.getKey() + ": " + String.join(", ", header.getValue()))
                    .collect(Collectors.joining("\n"));
            config.getUserProperties().put("handshake", seen);
            response.getHeaders().put("X-Stand-In", java.util.List.of("synchrony"));
        }
    }

    private String handshake;

    @OnOpen
    public void open(Session session) {
        session.setMaxTextMessageBufferSize(LARGEST_MESSAGE);
        session.setMaxBinaryMessageBufferSize(LARGEST_MESSAGE);
        handshake = (String) session.getUserProperties().get("handshake");
        OPEN.add(session);
    }

    @OnClose
    public void closed(Session session) {
        OPEN.remove(session);
    }

    @OnMessage
    public void text(Session session, String message) throws IOException {
        String[] words = message.split(" ", 3);
        switch (words[0]) {
        case "/close":
            session.close(new CloseReason(CloseReason.CloseCodes.getCloseCode(Integer.parseInt(words[1])),
                    words.length > 2 ? words[2] : ""));
            break;
        case "/push":
            for (int i = 1; i <= Integer.parseInt(words[1]); i++) {
                session.getBasicRemote().sendText(i + " " + words[2]);
            }
            break;
        case "/ping":
            session.getBasicRemote().sendPing(ByteBuffer.wrap(words[1].getBytes(StandardCharsets.UTF_8)));
            break;
        case "/handshake":
            session.getBasicRemote().sendText(handshake);
            break;
        case "/broadcast":
            for (Session other : OPEN) {
                other.getAsyncRemote().sendText(message.substring("/broadcast ".length()));
            }
            break;
        case "/count":
            session.getBasicRemote().sendText(String.valueOf(OPEN.size()));
            break;
        default:
            session.getBasicRemote().sendText(message);
        }
    }

    @OnMessage
    public void binary(Session session, ByteBuffer message) throws IOException {
        session.getBasicRemote().sendBinary(message);
    }
}
