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
import com.alibaba.nacos.naming.misc.GlobalConfig;
import com.alibaba.nacos.naming.misc.SwitchDomain;
import com.alibaba.nacos.sys.env.EnvUtil;
import com.alibaba.nacos.sys.utils.ApplicationUtils;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.env.StandardEnvironment;

/** Nacos's own naming classes, wired as its server wires them: without Tomcat, JSON, Distro and Raft. */
final class NacosServer implements AutoCloseable {
    static final String NAMESPACE = "public";
    static final String GROUP = "DEFAULT_GROUP";

    final InstanceOperatorClientImpl operator;
    final ServiceStorage storage;
    private final GenericApplicationContext context = new GenericApplicationContext();

    NacosServer() throws Exception {
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
        storage = new ServiceStorage(new ClientServiceIndexesManager(), clients, switches, metadata);
        operator = new InstanceOperatorClientImpl(clients, operations, storage, null, metadata, switches, null);
    }

    void register(String service, String host) throws Exception {
        Instance instance = new Instance();
        instance.setIp(host);
        instance.setPort(8080);
        instance.setClusterName("DEFAULT");
        operator.registerInstance(NAMESPACE, GROUP + "@@" + service, instance);
    }

    @Override
    public void close() {
        context.close();
    }
}
