@testable import Crypto
import ServiceRuntime
import Testing

/// Vectors of the RFCs named.
@Suite struct CryptoTests {
    private func hex(_ text: String) -> [UInt8] { Hex.decode(text) ?? [] }

    @Test func `SHA-256 of FIPS 180-4`() {
        #expect(
            SHA256.hex(Array("abc".utf8))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            SHA256.hex([])
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        var stream = SHA256()
        for _ in 0..<1000 { stream.update([UInt8](repeating: 97, count: 1000)) }
        #expect(
            Hex.encode(stream.finish())
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func `HMAC-SHA-256 of RFC 4231`() {
        #expect(
            Hex.encode(HMAC.sha256(Array("Hi There".utf8), key: [UInt8](repeating: 11, count: 20)))
                == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        #expect(
            Hex.encode(
                HMAC.sha256(Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8)))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        let long = "Test Using Larger Than Block-Size Key - Hash Key First"
        #expect(
            Hex.encode(
                HMAC.sha256(Array(long.utf8), key: [UInt8](repeating: 0xaa, count: 131)))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
        // Python: hmac.new(b"", b"", "sha256")
        #expect(
            Hex.encode(HMAC.sha256([], key: []))
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }

    @Test func `scrypt of RFC 7914`() throws {
        let small = PasswordHash.scrypt(
            "", salt: [], exponent: 4, blockSize: 1, parallelism: 1, count: 64)
        #expect(
            Hex.encode(try #require(small))
                == "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
                + "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906")
        let large = PasswordHash.scrypt(
            "pleaseletmein", salt: Array("SodiumChloride".utf8), exponent: 14, blockSize: 8,
            parallelism: 1, count: 64)
        #expect(
            Hex.encode(try #require(large))
                == "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                + "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887")
    }

    @Test func `a password verifies against its own hash only`() throws {
        let hash = try PasswordHash.make("correct horse", random: SystemRandom())
        #expect(hash.hasPrefix("scrypt$15$8$1$"))
        #expect(PasswordHash.verify("correct horse", against: hash))
        #expect(!PasswordHash.verify("correct horsf", against: hash))
        #expect(!PasswordHash.verify("", against: hash))
        for damaged in [
            "", "scrypt", "scrypt$15$8$1$$", "scrypt$99$8$1$AAAA$AAAA", "md5$a$b$c$d$e",
        ] {
            #expect(!PasswordHash.verify("correct horse", against: damaged))
        }
    }

    @Test func `AES-256-GCM of the GCM specification, test case 16`() throws {
        let key = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
        let text = hex(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39")
        let associated = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
        let sealed = try AESGCM.seal(
            text, key: key, nonce: hex("cafebabefacedbaddecaf888"), associated: associated)
        #expect(
            Hex.encode(sealed)
                == "cafebabefacedbaddecaf888"
                + "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                + "76fc6ece0f4e1768cddf8853bb2d551b")
        #expect(try AESGCM.open(sealed, key: key, associated: associated) == text)
    }

    @Test func `a seal opens with nothing changed, and an empty text too`() throws {
        let random = SystemRandom()
        let key = random.bytes(32)
        let empty = try AESGCM.seal([], key: key, random: random)
        #expect(try AESGCM.open(empty, key: key) == [])
        let sealed = try AESGCM.seal([1, 2, 3], key: key, associated: [9], random: random)
        for index in sealed.indices {
            var damaged = sealed
            damaged[index] ^= 1
            #expect(throws: CryptoError.self) {
                try AESGCM.open(damaged, key: key, associated: [9])
            }
        }
        #expect(throws: CryptoError.self) { try AESGCM.open(sealed, key: key) }
        #expect(throws: CryptoError.self) { try AESGCM.open([1, 2], key: key) }
        #expect(throws: CryptoError.self) { try AESGCM.seal([], key: [1], random: random) }
    }

    @Test func `Ed25519 of RFC 8032`() throws {
        let seed = hex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7")
        let publicKey = try Ed25519.publicKey(of: seed)
        #expect(
            Hex.encode(publicKey)
                == "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
        let signature = try Ed25519.sign(hex("af82"), seed: seed)
        #expect(
            Hex.encode(signature)
                == "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                + "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")
        #expect(Ed25519.verify(signature, of: hex("af82"), publicKey: publicKey))
        #expect(!Ed25519.verify(signature, of: hex("af83"), publicKey: publicKey))
        #expect(!Ed25519.verify(Array(signature.dropLast()), of: hex("af82"), publicKey: publicKey))
        #expect(throws: CryptoError.self) { try Ed25519.sign([], seed: [1, 2, 3]) }
        // RFC 8032, test 1: the empty message.
        let first = hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
        #expect(
            Hex.encode(try Ed25519.sign([], seed: first)).hasPrefix(
                "e5564300c360ac729086e2cc806e828a"))
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ]) func `base64 of RFC 4648`(text: String, encoded: String) {
        let bytes = Array(text.utf8)
        #expect(Base64.encode(bytes) == encoded)
        #expect(Base64.decode(encoded) == bytes)
        let bare = String(encoded.prefix { $0 != "=" })
        #expect(Base64.encodeURL(bytes) == bare)
        #expect(Base64.decodeURL(bare) == bytes)
    }

    @Test func `base64 refuses what encodes nothing`() {
        for text in ["Z", "Zg", "Zg=", "Zg===", "Zh==", "Z===", "====", "Zm9v\n", "Zm 9v", "Zm9_"] {
            #expect(Base64.decode(text) == nil, "\(text)")
        }
        #expect(Base64.decode("Zm\r\n9v \t", lenient: true) == Array("foo".utf8))
        #expect(Base64.decodeURL("-_-_") == [0xfb, 0xff, 0xbf])
        #expect(Base64.decode("+/+/") == [0xfb, 0xff, 0xbf])
        #expect(Base64.decodeURL("Zm9v+") == nil)
    }

    @Test func `hex goes both ways and refuses other digits`() {
        #expect(Hex.encode([0, 15, 255]) == "000fff")
        #expect(Hex.decode("000FfF") == [0, 15, 255])
        #expect(Hex.decode("0") == nil)
        #expect(Hex.decode("0g") == nil)
    }

    @Test func `comparison looks at every byte`() {
        #expect(constantTimeEqual([], []))
        #expect(constantTimeEqual([1, 2], [1, 2]))
        #expect(!constantTimeEqual([1, 2], [1, 3]))
        #expect(!constantTimeEqual([1], [1, 2]))
    }
}
