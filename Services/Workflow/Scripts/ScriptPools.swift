import ServiceRuntime

/// The two lanes of script hosts. A script that acts waits for other services, which may need an
/// expression or a rule before a save from here: so neither lane ever waits for the other's places.
struct ScriptPools: Sendable {
    /// Expressions, templates, mappings, rules before a save: what computes and may read.
    let computing: ScriptPool
    /// Scripts that may act.
    let acting: ScriptPool

    /// Answers of `gt` come from elsewhere: only what takes longer than this is slow.
    private static let actingSlowAfter = Duration.milliseconds(50)

    /// `quickWithin` decides which jobs are waited for where a step could also be done later.
    init(
        _ configuration: WorkflowConfiguration, runtime: Runtime,
        quickWithin: Duration = .milliseconds(20)
    ) {
        var settings = ScriptPool.Settings(
            executable: configuration.scriptHost, hosts: configuration.scriptHosts,
            slowHosts: configuration.scriptSlowHosts,
            limits: ScriptLimits(
                timeout: configuration.scriptTimeout, memory: configuration.scriptMemory),
            idle: configuration.scriptIdle, queueLimit: configuration.scriptQueue)
        settings.quickWithin = quickWithin
        computing = ScriptPool(settings: settings, runtime: runtime)
        settings.lane = "acting"
        settings.hosts = configuration.actingHosts
        settings.slowHosts = configuration.actingSlowHosts
        settings.slowAfter = ScriptPools.actingSlowAfter
        acting = ScriptPool(settings: settings, runtime: runtime)
    }

    func close() async {
        await computing.close()
        await acting.close()
    }
}
