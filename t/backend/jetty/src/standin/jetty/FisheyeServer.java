/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */
package standin.jetty;

import java.io.File;
import java.net.InetSocketAddress;
import javax.xml.parsers.DocumentBuilderFactory;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.webapp.WebAppContext;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Jetty as Fisheye and Crucible start it: everything comes from a config.xml of their form,
 * <web-server context=""><http bind="" proxy-host="" proxy-port="" proxy-scheme=""/></web-server>.
 * The three proxy- attributes have no counterpart in Jetty 9 itself, so a customizer does what they say.
 */
public final class FisheyeServer {
    private static final int HEADER_LIMIT = 8192;

    private FisheyeServer() {
    }

    /** Arguments: config.xml, directory of the web application. */
    public static void main(String[] args) throws Exception {
        Element web = (Element) DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new File(args[0]))
                .getElementsByTagName("web-server").item(0);
        Server server = new Server();
        NodeList https = web.getElementsByTagName("http");
        for (int i = 0; i < https.getLength(); i++) {
            server.addConnector(connector(server, (Element) https.item(i)));
        }
        String context = web.getAttribute("context");
        WebAppContext app = new WebAppContext(args[1], context.isEmpty() ? "/" : context);
        app.setThrowUnavailableOnStartupException(true);
        server.setHandler(app);
        try {
            server.start();
        } catch (Exception e) {
            /* The connectors that did start would keep the process alive. */
            e.printStackTrace();
            System.exit(1);
        }
        server.join();
    }

    private static Connector connector(Server server, Element http) {
        HttpConfiguration configuration = new HttpConfiguration();
        configuration.setRequestHeaderSize(HEADER_LIMIT);
        if (http.hasAttribute("proxy-host")) {
            configuration.addCustomizer((connector, channel, request) -> announce(http, request));
        }
        String[] bind = http.getAttribute("bind").split(":");
        ServerConnector connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(configuration));
        InetSocketAddress address = new InetSocketAddress(bind[0], Integer.parseInt(bind[1]));
        connector.setHost(address.getHostString());
        connector.setPort(address.getPort());
        return connector;
    }

    private static void announce(Element http, Request request) {
        String scheme = http.getAttribute("proxy-scheme");
        request.setAuthority(http.getAttribute("proxy-host"), Integer.parseInt(http.getAttribute("proxy-port")));
        request.setScheme(scheme);
        request.setSecure(scheme.equals("https"));
    }
}
