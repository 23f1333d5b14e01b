import Database

extension WorkflowService {
    /// How its store is moved.
    public static let layout = StoreLayout(service: "workflow", migrations: Migrations.all)
}
