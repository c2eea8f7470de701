package peers;

import com.alibaba.nacos.api.naming.pojo.ServiceInfo;
import com.alibaba.nacos.naming.core.v2.pojo.Service;

/** The list of one service as Nacos's push task makes it, and as its readers get the one made last: objects, before any JSON. */
final class NacosLists implements AutoCloseable {
    private static final long PATIENCE_MILLIS = 30_000;

    private final NacosServer server = new NacosServer();
    private final Service service = Service.newService(NacosServer.NAMESPACE, NacosServer.GROUP, "listed");
    private final int size;

    NacosLists(int size) throws Exception {
        this.size = size;
        for (int number = 0; number < size; number++) {
            server.register(service.getName(), Names.host(number));
        }
        // Its index of who publishes what hears of them in a thread of its own.
        long begin = System.currentTimeMillis();
        while (server.storage.getPushData(service).getHosts().size() < size) {
            if (System.currentTimeMillis() - begin > PATIENCE_MILLIS) {
                throw new IllegalStateException("Nacos lists " + server.storage.getPushData(service).getHosts().size());
            }
            Thread.sleep(10);
        }
    }

    /** After any change in the service. */
    void made() {
        check(server.storage.getPushData(service));
    }

    /** While nothing changes. */
    void kept() {
        check(server.storage.getData(service));
    }

    private void check(ServiceInfo list) {
        if (list.getHosts().size() != size) {
            throw new IllegalStateException("Nacos lists " + list.getHosts().size());
        }
    }

    @Override
    public void close() {
        server.close();
    }
}
