import HTTP
import JSON
import TestSupport
import Testing

/// Every route of the API, asked by everybody who might ask.
@Suite(.serialized) struct `Every route by every caller` {
    /// What is answered to, in this order: nobody, a stranger without roles, somebody locked, a
    /// clerk of another unit, one of the record's unit, the manager above it, and the admin, with
    /// every permission and no grant. 401 and 403 are refusals, and so is 404 where another caller
    /// gets 2xx. Bodies are empty objects and ids are of nothing unless `bodies` or `target` say
    /// otherwise: 404 and 422 to the admin of the platform's own routes mean that he was let in.
    static let table = """
        DELETE /api/accounts/{code}/sessions                            401 403 401 403 403 403 404
        DELETE /api/accounts/{code}/sessions/{id}                       401 403 401 403 403 403 404
        DELETE /api/accounts/{code}/tokens/{id}                         401 403 401 403 403 403 404
        DELETE /api/org-structures/{code}                               401 403 401 403 403 403 404
        DELETE /api/records/{model}/{class}                             401 404 401 200 200 200 404
        DELETE /api/records/{model}/{class}/{id}                        401 404 401 404 204 204 404
        DELETE /api/records/{model}/{class}/{id}/files/{column}/{name}  401 404 401 404 404 404 404
        DELETE /api/secrets/{name}                                      401 403 401 403 403 403 404
        DELETE /api/sessions/current                                    401 204 401 204 204 204 204
        DELETE /api/sessions/{id}                                       401 404 401 404 404 404 404
        DELETE /api/tokens/{id}                                         401 404 401 404 404 404 404
        GET /                                                           303 200 303 200 200 200 200
        GET /api/accounts                                               401 403 401 403 403 403 200
        GET /api/accounts/{code}                                        401 403 401 403 403 403 404
        GET /api/accounts/{code}/sessions                               401 403 401 403 403 403 404
        GET /api/accounts/{code}/tokens                                 401 403 401 403 403 403 404
        GET /api/audit                                                  401 403 401 403 403 403 200
        GET /api/events                                                 401 403 401 403 403 403 200
        GET /api/explain                                                401 403 401 403 403 403 200
        GET /api/firings                                                401 403 401 403 403 403 200
        GET /api/incidents                                              401 403 401 403 403 403 200
        GET /api/instances                                              401 403 401 403 403 403 200
        GET /api/instances/{id}                                         401 403 401 403 403 403 404
        GET /api/instances/{id}/drawing                                 401 403 401 403 403 403 404
        GET /api/jobs                                                   401 403 401 403 403 403 200
        GET /api/jobs/{job}/runs                                        401 403 401 403 403 403 404
        GET /api/jobs/{job}/runs/{run}                                  401 403 401 403 403 403 404
        GET /api/mail/messages                                          401 403 401 403 403 403 200
        GET /api/mail/messages/{id}                                     401 403 401 403 403 403 404
        GET /api/mail/messages/{id}/raw                                 401 403 401 403 403 403 404
        GET /api/mailboxes/{code}                                       401 403 401 403 403 403 404
        GET /api/mailboxes/{code}/messages                              401 403 401 403 403 403 404
        GET /api/mailboxes/{code}/messages/{number}/raw                 401 403 401 403 403 403 404
        GET /api/me                                                     401 200 401 200 200 200 200
        GET /api/models                                                 401 403 401 403 403 403 200
        GET /api/models/{model}                                         401 403 401 403 403 403 200
        GET /api/org-structures                                         401 403 401 403 403 403 200
        GET /api/org-structures/{code}                                  401 403 401 403 403 403 404
        GET /api/queries/{model}/{query}                                401 404 401 200 200 200 404
        GET /api/records/{model}/{class}                                401 404 401 200 200 200 404
        GET /api/records/{model}/{class}/new                            401 404 401 200 200 200 404
        GET /api/records/{model}/{class}/replica                        401 400 401 400 400 400 400
        GET /api/records/{model}/{class}/{id}                           401 404 401 404 200 200 404
        GET /api/records/{model}/{class}/{id}/files/{column}/{name}     401 404 401 404 404 404 404
        GET /api/records/{model}/{class}/{id}/history                   401 404 401 404 200 200 404
        GET /api/roles                                                  401 403 401 403 403 403 200
        GET /api/roles/{code}                                           401 403 401 403 403 403 404
        GET /api/runs                                                   401 403 401 403 403 403 200
        GET /api/runs/{run}                                             401 403 401 403 403 403 404
        GET /api/runs/{run}/errors                                      401 403 401 403 403 403 404
        GET /api/runs/{run}/file                                        401 403 401 403 403 403 404
        GET /api/runs/{run}/log                                         401 403 401 403 403 403 404
        GET /api/runs/{run}/progress                                    401 403 401 403 403 403 404
        GET /api/runs/{run}/rows                                        401 403 401 403 403 403 404
        GET /api/secrets                                                401 403 401 403 403 403 200
        GET /api/sessions                                               401 200 401 200 200 200 200
        GET /api/tasks                                                  401 200 401 200 200 200 200
        GET /api/tokens                                                 401 200 401 200 200 200 200
        GET /api/views                                                  401 200 401 200 200 200 200
        GET /api/views/{model}/{class}                                  401 404 401 200 200 200 404
        GET /api/workflows/{workflow}/drawing                           401 403 401 403 403 403 404
        GET /assets/{name}                                              404 404 404 404 404 404 404
        GET /audit                                                      303 403 303 403 403 403 200
        GET /call/event                                                 401 400 401 400 400 400 400
        GET /call/export                                                401 403 401 403 403 403 400
        GET /call/script                                                401 400 401 400 400 400 400
        GET /d/{link}                                                   404 404 404 404 404 404 404
        GET /docs                                                       200 200 200 200 200 200 200
        GET /docs/definitions                                           200 200 200 200 200 200 200
        GET /docs/{operation}                                           404 404 404 404 404 404 404
        GET /e/{capability}                                             404 404 404 404 404 404 404
        GET /explain                                                    303 200 303 200 200 200 200
        GET /forgotten                                                  200 200 200 200 200 200 200
        GET /instances/{id}                                             303 403 303 403 403 403 404
        GET /jobs/{job}                                                 303 403 303 403 403 403 404
        GET /livez                                                      200 200 200 200 200 200 200
        GET /login                                                      200 303 200 303 303 303 303
        GET /m/{model}/{class}                                          303 404 303 200 200 200 404
        GET /m/{model}/{class}/many                                     303 404 303 400 400 400 404
        GET /m/{model}/{class}/new                                      303 404 303 200 200 200 404
        GET /m/{model}/{class}/pick                                     303 404 303 200 200 200 404
        GET /m/{model}/{class}/{id}                                     303 404 303 404 200 200 404
        GET /mail                                                       303 403 303 403 403 403 200
        GET /mail/{id}                                                  303 403 303 403 403 403 404
        GET /mail/{id}/html                                             303 403 303 403 403 403 404
        GET /mailboxes                                                  303 403 303 403 403 403 200
        GET /mailboxes/{code}                                           303 403 303 403 403 403 404
        GET /mailboxes/{code}/{number}                                  303 403 303 403 403 403 404
        GET /mailboxes/{code}/{number}/html                             303 403 303 403 403 403 404
        GET /me                                                         303 200 303 200 200 200 200
        GET /metrics                                                    200 200 200 200 200 200 200
        GET /models                                                     303 403 303 403 403 403 200
        GET /models/{model}                                             303 403 303 403 403 403 200
        GET /models/{model}/document                                    303 403 303 403 403 403 200
        GET /models/{model}/document.json                               303 403 303 403 403 403 200
        GET /models/{model}/new/{part}                                  303 403 303 403 403 403 404
        GET /models/{model}/settings                                    303 403 303 403 403 403 200
        GET /models/{model}/{part}/{code}                               303 403 303 403 403 403 404
        GET /openapi.json                                               200 200 200 200 200 200 200
        GET /operations                                                 303 403 303 403 403 403 200
        GET /org                                                        303 403 303 403 403 403 200
        GET /org/new                                                    303 403 303 403 403 403 200
        GET /org/{code}                                                 303 403 303 403 403 403 404
        GET /password                                                   303 200 303 200 200 200 200
        GET /people                                                     303 403 303 403 403 403 200
        GET /people/new                                                 303 403 303 403 403 403 200
        GET /people/{code}                                              303 403 303 403 403 403 404
        GET /problems                                                   200 200 200 200 200 200 200
        GET /problems/{code}                                            404 404 404 404 404 404 404
        GET /q/{model}/{query}                                          303 404 303 200 200 200 404
        GET /readyz                                                     200 200 200 200 200 200 200
        GET /reset/{token}                                              410 410 410 410 410 410 410
        GET /roles                                                      303 403 303 403 403 403 200
        GET /roles/new                                                  303 403 303 403 403 403 200
        GET /roles/{code}                                               303 403 303 403 403 403 404
        GET /runs                                                       303 403 303 403 403 403 200
        GET /runs/{run}                                                 303 403 303 403 403 403 404
        GET /search                                                     303 200 303 200 200 200 200
        GET /secrets                                                    303 403 303 403 403 403 200
        GET /tasks                                                      303 200 303 200 200 200 200
        GET /workflows                                                  303 403 303 403 403 403 200
        GET /workflows/{workflow}                                       303 403 303 403 403 403 404
        PATCH /api/accounts/{code}                                      401 403 401 403 403 403 404
        PATCH /api/me                                                   401 422 401 422 422 422 422
        PATCH /api/org-structures/{code}                                401 403 401 403 403 403 404
        PATCH /api/records/{model}/{class}                              401 404 401 200 200 200 404
        PATCH /api/records/{model}/{class}/{id}                         401 404 401 404 200 200 404
        PATCH /api/roles/{code}                                         401 403 401 403 403 403 404
        POST /api/accounts/{code}/tokens                                401 403 401 403 403 403 404
        POST /api/events/{event}                                        401 404 401 404 404 404 404
        POST /api/exports/{export}/runs                                 401 403 401 403 403 403 404
        POST /api/history/verify                                        401 403 401 403 403 403 200
        POST /api/imports/{import}/runs                                 401 403 401 403 403 403 404
        POST /api/incidents/{id}/close                                  401 403 401 403 403 403 404
        POST /api/incidents/{id}/retry                                  401 403 401 403 403 403 404
        POST /api/incidents/{id}/skip                                   401 403 401 403 403 403 404
        POST /api/instances/{id}/cancel                                 401 403 401 403 403 403 404
        POST /api/instances/{id}/pause                                  401 403 401 403 403 403 404
        POST /api/instances/{id}/resume                                 401 403 401 403 403 403 404
        POST /api/instances/{id}/retry                                  401 403 401 403 403 403 404
        POST /api/jobs/{job}/run                                        401 403 401 403 403 403 404
        POST /api/jobs/{job}/runs/{run}/cancel                          401 403 401 403 403 403 404
        POST /api/mail/messages                                         401 403 401 403 403 403 422
        POST /api/mail/messages/{id}/hold                               401 403 401 403 403 403 404
        POST /api/mail/messages/{id}/release                            401 403 401 403 403 403 404
        POST /api/mail/messages/{id}/resend                             401 403 401 403 403 403 404
        POST /api/mailboxes/{code}/messages/{number}/replay             401 403 401 403 403 403 404
        POST /api/mailboxes/{code}/read                                 401 403 401 403 403 403 404
        POST /api/models/{model}/plan                                   401 403 401 403 403 403 422
        POST /api/notifications/{code}/preview                          401 403 401 403 403 403 404
        POST /api/password                                              401 422 401 422 422 422 422
        POST /api/password/forgotten                                    422 422 422 422 422 422 422
        POST /api/password/reset                                        422 422 422 422 422 422 422
        POST /api/records/{model}/{class}                               401 404 401 403 201 201 404
        POST /api/records/{model}/{class}/{id}/restore                  401 404 401 404 200 200 404
        POST /api/rules/try                                             401 403 401 403 403 403 422
        POST /api/runs/{run}/apply                                      401 403 401 403 403 403 404
        POST /api/runs/{run}/cancel                                     401 403 401 403 403 403 404
        POST /api/runs/{run}/link                                       401 403 401 403 403 403 404
        POST /api/runs/{run}/undo                                       401 403 401 403 403 403 404
        POST /api/scripts/try                                           401 403 401 403 403 403 422
        POST /api/scripts/{script}/run                                  401 404 401 404 404 404 404
        POST /api/sessions                                              422 422 422 422 422 422 422
        POST /api/syncs/{sync}/runs                                     401 403 401 403 403 403 404
        POST /api/tasks/{id}/complete                                   401 422 401 422 422 422 422
        POST /api/tokens                                                401 422 401 422 422 422 422
        POST /api/views/{model}/{class}/rebuild                         401 403 401 403 403 403 200
        POST /api/workflows/{workflow}/instances                        401 403 401 403 403 403 404
        POST /call/event                                                401 400 401 400 400 400 400
        POST /call/export                                               401 403 401 403 403 403 400
        POST /call/import                                               401 403 401 403 403 403 404
        POST /call/script                                               401 400 401 400 400 400 400
        POST /docs/{operation}                                          401 404 401 404 404 404 404
        POST /e/{capability}                                            404 404 404 404 404 404 404
        POST /forgotten                                                 403 403 403 403 403 403 403
        POST /instances/{id}/cancel                                     401 403 401 403 403 403 404
        POST /instances/{id}/pause                                      401 403 401 403 403 403 404
        POST /instances/{id}/resume                                     401 403 401 403 403 403 404
        POST /instances/{id}/retry                                      401 403 401 403 403 403 404
        POST /login                                                     403 403 403 403 403 403 403
        POST /logout                                                    303 303 303 303 303 303 303
        POST /m/{model}/{class}/many                                    401 404 401 400 400 400 404
        POST /m/{model}/{class}/new                                     401 404 401 403 403 403 404
        POST /m/{model}/{class}/views                                   401 404 401 400 400 400 404
        POST /m/{model}/{class}/views/{id}/delete                       401 404 401 404 404 404 404
        POST /m/{model}/{class}/{id}                                    401 404 401 404 412 412 404
        POST /m/{model}/{class}/{id}/delete                             401 428 401 428 428 428 428
        POST /m/{model}/{class}/{id}/files/{column}                     401 400 401 400 400 400 400
        POST /m/{model}/{class}/{id}/files/{column}/delete              401 428 401 428 428 428 428
        POST /m/{model}/{class}/{id}/move                               401 428 401 428 428 428 428
        POST /m/{model}/{class}/{id}/restore                            401 428 401 428 428 428 428
        POST /mail/{id}/hold                                            401 403 401 403 403 403 404
        POST /mail/{id}/release                                         401 403 401 403 403 403 404
        POST /mail/{id}/resend                                          401 403 401 403 403 403 404
        POST /mailboxes/{code}/read                                     401 403 401 403 403 403 404
        POST /mailboxes/{code}/{number}/replay                          401 403 401 403 403 403 404
        POST /me                                                        401 422 401 422 422 422 422
        POST /me/sessions/{id}                                          401 404 401 404 404 404 404
        POST /me/tokens                                                 401 200 401 200 200 200 200
        POST /me/tokens/{id}                                            401 404 401 404 404 404 404
        POST /models                                                    401 403 401 403 403 403 422
        POST /models/{model}/apply                                      401 403 401 403 403 403 400
        POST /models/{model}/document                                   401 403 401 403 403 403 422
        POST /models/{model}/preview                                    401 403 401 403 403 403 422
        POST /models/{model}/imports/{code}/plan                        401 403 401 403 403 403 400
        POST /models/{model}/new/{part}                                 401 403 401 403 403 403 404
        POST /models/{model}/sample                                     401 403 401 403 403 403 400
        POST /models/{model}/settings                                   401 403 401 403 403 403 422
        POST /models/{model}/upload                                     401 403 401 403 403 403 400
        POST /models/{model}/{part}/{code}                              401 403 401 403 403 403 404
        POST /operations/incidents                                      401 403 401 403 403 403 422
        POST /operations/jobs/{job}                                     401 403 401 403 403 403 404
        POST /org/new                                                   401 403 401 403 403 403 422
        POST /org/{code}                                                401 403 401 403 403 403 404
        POST /password                                                  401 403 401 403 403 403 403
        POST /people/new                                                401 403 401 403 403 403 422
        POST /people/{code}                                             401 403 401 403 403 403 428
        POST /people/{code}/sessions                                    401 403 401 403 403 403 404
        POST /reset/{token}                                             403 403 403 403 403 403 403
        POST /roles/new                                                 401 403 401 403 403 403 422
        POST /roles/{code}                                              401 403 401 403 403 403 404
        POST /runs/{run}/apply                                          401 403 401 403 403 403 404
        POST /runs/{run}/cancel                                         401 403 401 403 403 403 404
        POST /runs/{run}/undo                                           401 403 401 403 403 403 404
        POST /secrets                                                   401 403 401 403 403 403 422
        POST /tasks/{id}                                                401 404 401 404 404 404 404
        PUT /api/accounts/{code}                                        401 403 401 403 403 403 422
        PUT /api/models/{model}                                         401 403 401 403 403 403 422
        PUT /api/org-structures/{code}                                  401 403 401 403 403 403 422
        PUT /api/records/{model}/{class}/{id}/files/{column}/{name}     401 404 401 404 201 201 404
        PUT /api/roles/{code}                                           401 403 401 403 403 403 422
        PUT /api/secrets/{name}                                         401 403 401 403 403 403 404
        """

    private static let bodies: [String: JSONValue] = [
        "POST /api/records/{model}/{class}": ["title": "n", "department": "support"],
        "PATCH /api/records/{model}/{class}/{id}": ["title": "changed"],
        "PATCH /api/records/{model}/{class}": ["title": "changed"],
        "POST /api/records/{model}/{class}/{id}/restore": ["version": 1],
    ]

    /// What a route's parameters are; a record is a fresh one, so that nobody meets what another
    /// did.
    private func target(_ route: String, _ office: Office) async throws -> String {
        var target = String(route.split(separator: " ")[1])
        let isRecord = target.hasPrefix("/api/records/") || target.hasPrefix("/m/")
        if isRecord, target.contains("{id}") {
            target = target.replacing("{id}", with: String(try await office.record()))
        }
        let values = [
            "model": "office", "class": "file", "id": "999999", "column": "papers",
            "name": "a.txt", "query": "titles", "run": "999999", "number": "999999",
        ]
        for (name, value) in values { target = target.replacing("{\(name)}", with: value) }
        while let open = target.firstIndex(of: "{"), let close = target.firstIndex(of: "}") {
            target.replaceSubrange(open...close, with: "nothing")
        }
        switch route {
        case "PATCH /api/records/{model}/{class}", "DELETE /api/records/{model}/{class}":
            target += "?filter=amount%20eq%20-1&expect=0"
        case "GET /api/explain":
            target += "?class=office.file&operation=read"
        default: break
        }
        return target
    }

    private func ask(
        _ route: String, takes type: String?, _ kind: Office.Kind, _ office: Office
    ) async throws -> APIClient.Answer {
        let method = HTTP.Method(rawValue: String(route.prefix { $0 != " " })) ?? .get
        // What ends a session ends one of its own.
        let endsSession = route.contains("session") || route.contains("logout")
        var client = office.clients[kind] ?? office.train.visitor
        if endsSession { client = try await office.logIn(kind) }
        var headers: Headers = [:]
        if method == .patch || method == .delete || route.hasSuffix("/restore")
            || route.contains("/files/")
        {
            headers["If-Match"] = "\"1\""
        }
        var body: [UInt8]?
        if type == "application/json" {
            body = (`Every route by every caller`.bodies[route] ?? [:]).bytes
        } else if type != nil {
            body = Array("a=b".utf8)
        }
        return try await client.send(
            method, try await target(route, office), body: body, type: type ?? "", headers: headers)
    }

    /// The routes of the served description, each with the type of its body.
    private func routes(_ office: Office) async throws -> [(route: String, type: String?)] {
        let paths = try await office.train.visitor.get("/openapi.json")["paths"]?.object
        let routes = (paths?.members ?? []).flatMap { path, item in
            (item.object?.members ?? [])
                .filter { ["get", "put", "post", "patch", "delete"].contains($0.0) }
                .map { method, operation in
                    (
                        route: "\(method.uppercased()) \(path)",
                        type: operation["requestBody"]?["content"]?.object?.keys.first
                    )
                }
        }
        return routes.sorted { $0.route < $1.route }
    }

    @Test func `the table says what each caller is answered`() async throws {
        let office = try await Office()
        _ = try await office.record()
        var expected: [String: String] = [:]
        for line in `Every route by every caller`.table.split(separator: "\n") {
            let words = line.split(separator: " ")
            let route = words.prefix(2).joined(separator: " ")
            expected[route] = words.dropFirst(2).joined(separator: " ")
        }
        var differing: [String] = []
        for (route, type) in try await routes(office) {
            var statuses: [String] = []
            for kind in Office.Kind.allCases {
                let answer = try await ask(route, takes: type, kind, office)
                statuses.append(String(answer.status))
                #expect(answer.status < 500, "\(route) \(kind)")
                if kind != .right, kind != .manager {
                    #expect(!answer.text.contains(Office.secret), "\(route) tells \(kind)")
                }
            }
            let found = statuses.joined(separator: " ")
            if expected.removeValue(forKey: route) != found {
                differing.append("\(route) \(found)")
            }
        }
        #expect(
            differing.isEmpty,
            """
            not as the table has it:
            \(differing.joined(separator: "\n"))
            """)
        #expect(expected.isEmpty, "routes that are not served: \(expected.keys.sorted())")
        _ = try await office.train.stop()
    }
}
