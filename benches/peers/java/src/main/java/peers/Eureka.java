package peers;

import com.netflix.appinfo.ApplicationInfoManager;
import com.netflix.appinfo.DataCenterInfo;
import com.netflix.appinfo.InstanceInfo;
import com.netflix.appinfo.MyDataCenterInfo;
import com.netflix.appinfo.MyDataCenterInstanceConfig;
import com.netflix.discovery.DefaultEurekaClientConfig;
import com.netflix.eureka.DefaultEurekaServerConfig;
import com.netflix.eureka.registry.PeerAwareInstanceRegistryImpl;
import com.netflix.eureka.resources.DefaultServerCodecs;

/**
 * Eureka's registry, renewed as a replica would be (which leaves out replication to peers): without Jersey, JSON and the network.
 */
final class Eureka implements Peer {
    private final PeerAwareInstanceRegistryImpl registry;
    private final String[] apps;
    private final String[] ids;

    Eureka(int size) throws Exception {
        // Eureka's counters ask where they run.
        ApplicationInfoManager.getInstance().initComponent(new MyDataCenterInstanceConfig());
        DefaultEurekaServerConfig config = new DefaultEurekaServerConfig();
        registry = new PeerAwareInstanceRegistryImpl(
                config, new DefaultEurekaClientConfig(), new DefaultServerCodecs(config), null, null);
        registry.initializedResponseCache();
        apps = new String[size];
        ids = new String[size];
        for (int number = 0; number < size; number++) {
            apps[number] = Names.service(number).toUpperCase();
            ids[number] = Names.host(number) + ":8080";
            InstanceInfo info = InstanceInfo.Builder.newBuilder()
                    .setInstanceId(ids[number]).setAppName(apps[number]).setHostName(Names.host(number))
                    .setIPAddr(Names.host(number)).setPort(8080)
                    .setDataCenterInfo(new MyDataCenterInfo(DataCenterInfo.Name.MyOwn))
                    .setStatus(InstanceInfo.InstanceStatus.UP).build();
            registry.register(info, 3_600, true);
        }
    }

    @Override
    public void renew(int number) {
        if (!registry.renew(apps[number], ids[number], true)) {
            throw new IllegalStateException("unknown to Eureka");
        }
    }

    @Override
    public void close() {
        registry.shutdown();
    }
}
