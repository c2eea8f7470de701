package peers;

import com.alibaba.nacos.naming.healthcheck.HealthCheckReactor;
import com.alibaba.nacos.naming.pojo.instance.BeatInfoInstanceBuilder;

/**
 * Nacos's own classes of a beat by HTTP, with the scheduler that ends it and the check of each client every five seconds. The beat is
 * done when its task has run.
 */
final class Nacos implements Peer {
    private final NacosServer server = new NacosServer();
    private final String[] services;
    private final String[] hosts;

    Nacos(int size) throws Exception {
        services = new String[size];
        hosts = new String[size];
        for (int number = 0; number < size; number++) {
            services[number] = NacosServer.GROUP + "@@" + Names.service(number);
            hosts[number] = Names.host(number);
            server.register(Names.service(number), hosts[number]);
        }
    }

    @Override
    public void renew(int number) throws Exception {
        int code = server.operator.handleBeat(
                NacosServer.NAMESPACE, services[number], hosts[number], 8080, "DEFAULT", null,
                BeatInfoInstanceBuilder.newBuilder());
        if (code != 10200) {
            throw new IllegalStateException("Nacos answers " + code);
        }
    }

    @Override
    public void settle() throws Exception {
        HealthCheckReactor.scheduleNow(() -> {}).get();
    }

    @Override
    public void close() {
        server.close();
    }
}
