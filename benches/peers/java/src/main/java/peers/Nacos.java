package peers;

import com.alibaba.nacos.api.naming.pojo.Instance;
import com.alibaba.nacos.naming.core.DistroMapper;
import com.alibaba.nacos.naming.core.InstanceOperatorClientImpl;
import com.alibaba.nacos.naming.core.v2.client.manager.ClientManagerDelegate;
import com.alibaba.nacos.naming.core.v2.client.manager.impl.ConnectionBasedClientManager;
import com.alibaba.nacos.naming.core.v2.client.manager.impl.EphemeralIpPortClientManager;
import com.alibaba.nacos.naming.core.v2.client.manager.impl.PersistentIpPortClientManager;
import com.alibaba.nacos.naming.core.v2.index.ClientServiceIndexesManager;
import com.alibaba.nacos.naming.core.v2.index.ServiceStorage;
import com.alibaba.nacos.naming.core.v2.metadata.NamingMetadataManager;
import com.alibaba.nacos.naming.core.v2.service.ClientOperationServiceProxy;
import com.alibaba.nacos.naming.core.v2.service.impl.EphemeralClientOperationServiceImpl;
import com.alibaba.nacos.naming.healthcheck.HealthCheckReactor;
import com.alibaba.nacos.naming.misc.GlobalConfig;
import com.alibaba.nacos.naming.misc.SwitchDomain;
import com.alibaba.nacos.naming.pojo.instance.BeatInfoInstanceBuilder;
import com.alibaba.nacos.sys.env.EnvUtil;
import com.alibaba.nacos.sys.utils.ApplicationUtils;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.env.StandardEnvironment;

/**
 * Nacos's own classes of a beat by HTTP, with the scheduler that ends it and the check of each client every five seconds: without
 * Tomcat, JSON, Distro and Raft. The beat is done when its task has run.
 */
final class Nacos implements Peer {
    private static final String NAMESPACE = "public";

    private final InstanceOperatorClientImpl operator;
    private final GenericApplicationContext context = new GenericApplicationContext();
    private final String[] services;
    private final String[] hosts;

    Nacos(int size) throws Exception {
        EnvUtil.setEnvironment(new StandardEnvironment());
        EnvUtil.setIsStandalone(true);
        SwitchDomain switches = new SwitchDomain();
        DistroMapper distro = new DistroMapper(null, switches);
        NamingMetadataManager metadata = new NamingMetadataManager();
        context.registerBean(SwitchDomain.class, () -> switches);
        context.registerBean(DistroMapper.class, () -> distro);
        context.registerBean(GlobalConfig.class, GlobalConfig::new);
        context.registerBean(NamingMetadataManager.class, () -> metadata);
        context.refresh();
        new ApplicationUtils().initialize(context);
        ClientManagerDelegate clients = new ClientManagerDelegate(
                new ConnectionBasedClientManager(), new EphemeralIpPortClientManager(distro, switches),
                new PersistentIpPortClientManager());
        // Nothing here is persistent: that half would bring up Raft.
        ClientOperationServiceProxy operations =
                new ClientOperationServiceProxy(new EphemeralClientOperationServiceImpl(clients), null);
        ServiceStorage storage = new ServiceStorage(new ClientServiceIndexesManager(), clients, switches, metadata);
        operator = new InstanceOperatorClientImpl(clients, operations, storage, null, metadata, switches, null);
        services = new String[size];
        hosts = new String[size];
        for (int number = 0; number < size; number++) {
            services[number] = "DEFAULT_GROUP@@" + Names.service(number);
            hosts[number] = Names.host(number);
            Instance instance = new Instance();
            instance.setIp(hosts[number]);
            instance.setPort(8080);
            instance.setClusterName("DEFAULT");
            operator.registerInstance(NAMESPACE, services[number], instance);
        }
    }

    @Override
    public void renew(int number) throws Exception {
        int code = operator.handleBeat(
                NAMESPACE, services[number], hosts[number], 8080, "DEFAULT", null, BeatInfoInstanceBuilder.newBuilder());
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
        context.close();
    }
}
