import JSON
import RPC

// The calls of every request, written by hand: through `Codable` each would cost some 20 µs more.

extension GetRecord {
    public init(json reader: inout JSONReader) throws(JSONError) {
        var type: FullCode?
        var id: Int64?
        var select: [String]?
        var expand: [String]?
        var deleted: String?
        try reader.beginObject()
        while let key = try reader.nextKey() {
            switch key {
            case "type": type = try reader.readFullCode()
            case "id": id = try reader.readInteger()
            case "select": select = try reader.readStrings()
            case "expand": expand = try reader.readStrings()
            case "deleted": deleted = try reader.readOptionalString()
            default: throw reader.unknownMember(key)
            }
        }
        guard let type, let id else { throw reader.missing("type and id") }
        self.init(type, id: id, select: select, expand: expand, deleted: deleted)
    }

    public func write(json writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", type)
        writer.member("id", id)
        writer.member("select", select)
        writer.member("expand", expand)
        writer.member("deleted", deleted)
        writer.endObject()
    }
}

extension ListRecords {
    public init(json reader: inout JSONReader) throws(JSONError) {
        var type: FullCode?
        var list = ListRecords(FullCode(model: "", code: ""))
        try reader.beginObject()
        while let key = try reader.nextKey() {
            switch key {
            case "type": type = try reader.readFullCode()
            case "filter": list.filter = try reader.readOptionalString()
            case "orderby": list.orderby = try reader.readOptionalString()
            case "select": list.select = try reader.readStrings()
            case "expand": list.expand = try reader.readStrings()
            case "limit": list.limit = try reader.readOptionalInteger().map { Int($0) }
            case "cursor": list.cursor = try reader.readOptionalString()
            case "count": list.count = try reader.readOptionalBoolean()
            case "view": list.view = try reader.readOptionalBoolean()
            case "export": list.export = try reader.readOptionalBoolean()
            case "deleted": list.deleted = try reader.readOptionalString()
            case "search": list.search = try reader.readOptionalString()
            case "totals": list.totals = try reader.readOptionalString()
            default: throw reader.unknownMember(key)
            }
        }
        guard let type else { throw reader.missing("type") }
        list.type = type
        self = list
    }

    public func write(json writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", type)
        writer.member("filter", filter)
        writer.member("orderby", orderby)
        writer.member("select", select)
        writer.member("expand", expand)
        writer.member("limit", limit.map { Int64($0) })
        writer.member("cursor", cursor)
        writer.member("count", count)
        writer.member("view", view)
        writer.member("export", export)
        writer.member("deleted", deleted)
        writer.member("search", search)
        writer.member("totals", totals)
        writer.endObject()
    }
}

extension CreateRecord {
    public init(json reader: inout JSONReader) throws(JSONError) {
        var type: FullCode?
        var body: JSONBytes?
        var atomic: Bool?
        var upsert: [String]?
        var rules: Bool?
        try reader.beginObject()
        while let key = try reader.nextKey() {
            switch key {
            case "type": type = try reader.readFullCode()
            case "body": body = try reader.readRaw()
            case "atomic": atomic = try reader.readOptionalBoolean()
            case "upsert": upsert = try reader.readStrings()
            case "rules": rules = try reader.readOptionalBoolean()
            default: throw reader.unknownMember(key)
            }
        }
        guard let type, let body else { throw reader.missing("type and body") }
        self.init(type, body: body, atomic: atomic, upsert: upsert, rules: rules)
    }

    public func write(json writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", type)
        writer.key("body")
        writer.raw(body)
        writer.member("atomic", atomic)
        writer.member("upsert", upsert)
        writer.member("rules", rules)
        writer.endObject()
    }
}

extension ChangeRecord {
    public init(json reader: inout JSONReader) throws(JSONError) {
        var type: FullCode?
        var id: Int64?
        var version: Int64?
        var body: JSONBytes?
        try reader.beginObject()
        while let key = try reader.nextKey() {
            switch key {
            case "type": type = try reader.readFullCode()
            case "id": id = try reader.readInteger()
            case "version": version = try reader.readOptionalInteger()
            case "body": body = try reader.readRaw()
            default: throw reader.unknownMember(key)
            }
        }
        guard let type, let id, let body else { throw reader.missing("type, id and body") }
        self.init(type, id: id, version: version, body: body)
    }

    public func write(json writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", type)
        writer.member("id", id)
        writer.member("version", version)
        writer.key("body")
        writer.raw(body)
        writer.endObject()
    }
}
