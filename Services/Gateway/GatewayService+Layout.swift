import Database

extension GatewayService {
    /// How its store is moved.
    public static let layout = StoreLayout(service: "gateway", migrations: Migrations.all)
}
