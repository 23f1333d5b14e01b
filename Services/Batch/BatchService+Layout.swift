import Database

extension BatchService {
    /// How its store is moved.
    public static let layout = StoreLayout(service: "batch", migrations: Migrations.all)
}
