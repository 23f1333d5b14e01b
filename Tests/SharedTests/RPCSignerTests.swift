import Crypto
import HTTP
import RPC
import ServiceRuntime
import TestSupport
import Testing

@Suite struct RPCSignerTests {
    private let clock = ManualClock(start: Timestamp(milliseconds: 1_700_000_000_000))
    private let key = [UInt8](repeating: 7, count: 32)
    private let anna = Principal(
        account: "anna", roles: ["agent"], permissions: ["mail:read"],
        directory: 41, language: "de")

    @Test func `what was signed is believed by whoever has the key`() {
        let signer = PrincipalSigner(key: key, clock: clock)
        let other = PrincipalSigner(key: key, clock: clock)
        for principal in [anna, .system, Principal(account: "žluťoučký")] {
            let token = signer.sign(principal)
            #expect(token.utf8.allSatisfy { (0x21...0x7E).contains($0) })
            #expect(other.verify(token) == principal)
            #expect(other.verify(token) == principal)
        }
    }

    @Test func `a principal with as many roles as there may be fits the head of a call`() {
        let long = String(repeating: "r", count: 60)
        let roles = (0..<100).map { "\(long)\($0)" }
        let principal = Principal(
            account: long, roles: roles, rolesOff: (0..<200).map { "\(long)/\(roles[$0 / 2])" })
        let token = PrincipalSigner(key: key, clock: clock).sign(principal)
        #expect(token.utf8.count < HTTPServerConfiguration.peerHeadLimit / 4 * 3)
    }

    @Test func `roles count in a model unless they are off there, or the token is not for it`() {
        var principal = Principal(account: "anna", roles: ["agent", "clerk"])
        #expect(principal.roles(in: "helpdesk") == ["agent", "clerk"])
        principal.rolesOff = ["helpdesk/agent", "crm/clerk"]
        #expect(principal.roles(in: "helpdesk") == ["clerk"])
        principal.models = ["crm"]
        #expect(principal.roles(in: "helpdesk") == [] && !principal.mayUse("helpdesk"))
        #expect(principal.roles(in: "crm") == ["agent"] && principal.mayUse("crm"))
    }

    @Test func `a token lives for its time, and is made anew at half of it`() {
        let signer = PrincipalSigner(key: key, clock: clock, life: .seconds(60))
        let token = signer.sign(anna)
        clock.advance(by: .seconds(29))
        #expect(signer.sign(anna) == token)
        clock.advance(by: .seconds(2))
        let next = signer.sign(anna)
        #expect(next != token)
        #expect(signer.verify(token) == anna)
        clock.advance(by: .seconds(29))
        #expect(signer.verify(token) == nil)
        #expect(PrincipalSigner(key: key, clock: clock).verify(token) == nil)
        #expect(signer.verify(next) == anna)
    }

    @Test func `a principal that changed is signed as it is now`() {
        let signer = PrincipalSigner(key: key, clock: clock)
        _ = signer.sign(anna)
        var locked = anna
        locked.roles = []
        #expect(signer.verify(signer.sign(locked))?.roles == [])
        #expect(signer.verify(signer.sign(anna))?.roles == ["agent"])
    }

    @Test func `nothing else is believed`() {
        let signer = PrincipalSigner(key: key, clock: clock)
        let token = signer.sign(anna)
        let foreign = PrincipalSigner(key: [UInt8](repeating: 8, count: 32), clock: clock)
        #expect(foreign.verify(token) == nil)
        var bytes = Array(token.utf8)
        for index in bytes.indices {
            bytes[index] ^= 1
            #expect(signer.verify(String(decoding: bytes, as: UTF8.self)) == nil)
            bytes[index] ^= 1
        }
        let parts = token.split(separator: ".")
        for text in ["", ".", "a.b", token + ".", token + "A", "\(parts[0]).", ".\(parts[1])"] {
            #expect(signer.verify(text) == nil, "\(text)")
        }
        // Signed rightly, but no claim.
        let claim = Base64.encodeURL(Array("{}".utf8))
        let signature = Base64.encodeURL(HMAC.sha256(Array(claim.utf8), key: key))
        #expect(signer.verify("\(claim).\(signature)") == nil)
    }

    @Test func `more principals than are kept are signed and believed too`() {
        let signer = PrincipalSigner(key: key, clock: clock)
        for n in 0..<10_500 {
            let principal = Principal(account: "account-\(n)")
            #expect(signer.verify(signer.sign(principal)) == principal)
        }
    }
}
