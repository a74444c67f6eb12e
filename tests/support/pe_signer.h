// SPDX-License-Identifier: MIT
// Signs built images with a certificate made on the spot, the way signtool does: enough of Authenticode to test the
// reader without keeping anybody's signed driver in the tree. The hash is computed here by its own simple code.
// All signers share one small RSA key from fixed primes, so that a signed image is the same on every run.
#pragma once

#include "pe_builder.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

#include <memory>

namespace ringside::test {

class PeSigner {
public:
    PeSigner(std::string common_name, std::string organization)
        : m_key(make_key(), EVP_PKEY_free)
        , m_certificate(X509_new(), X509_free)
    {
        X509* certificate = m_certificate.get();
        X509_set_version(certificate, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), 0x1234);
        ASN1_TIME_set_string(X509_getm_notBefore(certificate), "20200101000000Z");
        ASN1_TIME_set_string(X509_getm_notAfter(certificate), "20400101000000Z");
        X509_NAME* name = X509_get_subject_name(certificate);
        add_name(name, "CN", common_name);
        add_name(name, "O", organization);
        X509_set_issuer_name(certificate, name);
        X509_set_pubkey(certificate, m_key.get());
        X509_sign(certificate, m_key.get(), EVP_sha256());
    }

    // A PKCS#7 message over the image as it is; nested ones go into its unsigned attributes. more_digests: as many
    // algorithms more than the one in use.
    std::vector<uint8_t> message(BuiltImage& image, std::vector<std::vector<uint8_t>> const& nested = {},
                                 int more_digests = 0) const
    {
        std::vector<uint8_t> content = indirect_data(image_hash(image));
        std::unique_ptr<PKCS7, decltype(&PKCS7_free)> message(PKCS7_new(), PKCS7_free);
        PKCS7_set_type(message.get(), NID_pkcs7_signed);
        PKCS7_add_certificate(message.get(), m_certificate.get());
        PKCS7_SIGNER_INFO* signer = PKCS7_add_signature(message.get(), m_certificate.get(), m_key.get(), EVP_sha256());

        PKCS7* inner = PKCS7_new();
        inner->type = OBJ_txt2obj("1.3.6.1.4.1.311.2.1.4", 1);
        inner->d.other = ASN1_TYPE_new();
        ASN1_STRING* sequence = ASN1_STRING_new();
        ASN1_STRING_set(sequence, content.data(), int(content.size()));
        ASN1_TYPE_set(inner->d.other, V_ASN1_SEQUENCE, sequence);
        PKCS7_set_content(message.get(), inner);

        PKCS7_add_signed_attribute(signer, NID_pkcs9_contentType, V_ASN1_OBJECT,
                                   OBJ_txt2obj("1.3.6.1.4.1.311.2.1.4", 1));
        ASN1_TIME* time = ASN1_TIME_new();
        ASN1_TIME_set_string(time, "240229120000Z");
        PKCS7_add_signed_attribute(signer, NID_pkcs9_signingTime, V_ASN1_UTCTIME, time);
        // The digest covers the content without the outer header (two bytes: the content is shorter than 128).
        std::vector<uint8_t> digest = sha256(content.data() + 2, content.size() - 2);
        PKCS7_add1_attrib_digest(signer, digest.data(), int(digest.size()));
        PKCS7_SIGNER_INFO_sign(signer);
        for (auto const& der : nested) {
            ASN1_STRING* value = ASN1_STRING_new();
            ASN1_STRING_set(value, der.data(), int(der.size()));
            X509_ATTRIBUTE* attribute = X509_ATTRIBUTE_new();
            std::unique_ptr<ASN1_OBJECT, decltype(&ASN1_OBJECT_free)> oid(OBJ_txt2obj("1.3.6.1.4.1.311.2.4.1", 1),
                                                                          ASN1_OBJECT_free);
            X509_ATTRIBUTE_set1_object(attribute, oid.get());
            X509_ATTRIBUTE_set1_data(attribute, V_ASN1_SEQUENCE, value->data, value->length);
            ASN1_STRING_free(value);
            if (!signer->unauth_attr)
                signer->unauth_attr = sk_X509_ATTRIBUTE_new_null();
            sk_X509_ATTRIBUTE_push(signer->unauth_attr, attribute);
        }
        for (int i = 0; i < more_digests; ++i) {
            X509_ALGOR* algorithm = X509_ALGOR_new();
            X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha1), V_ASN1_NULL, nullptr);
            sk_X509_ALGOR_push(message->d.sign->md_algs, algorithm);
        }
        unsigned char* der = nullptr;
        int size = i2d_PKCS7(message.get(), &der);
        std::vector<uint8_t> bytes(der, der + size);
        OPENSSL_free(der);
        return bytes;
    }

    // Puts messages into the image's certificate table, one entry each.
    static void attach(BuiltImage& image, std::vector<std::vector<uint8_t>> const& messages)
    {
        uint32_t start = uint32_t(image.bytes.size());
        for (auto const& message : messages) {
            pe::WinCertificate header { uint32_t(sizeof header + message.size()), 0x0200, pe::kCertificatePkcs7 };
            auto source = reinterpret_cast<std::byte const*>(&header);
            image.bytes.insert(image.bytes.end(), source, source + sizeof header);
            source = reinterpret_cast<std::byte const*>(message.data());
            image.bytes.insert(image.bytes.end(), source, source + message.size());
            image.bytes.resize((image.bytes.size() + 7) / 8 * 8);
        }
        image.directory(pe::kCertificateDirectory) = { start, uint32_t(image.bytes.size()) - start };
    }

    void sign(BuiltImage& image) const { attach(image, { message(image) }); }

private:
    static EVP_PKEY* make_key()
    {
        constexpr char kP[] = "C03F366E3DD232985428D6AD5549F26533C89F63A01F71AA3CC379CFDF26A052"
                              "B143258D86D0D8B20BA1728EC9783DFB75D2788BBBA3B65C9243E13100D1046F";
        constexpr char kQ[] = "F34F15AE8ACF99FD53AD856E17B90077BEF621169F3BA918F367C1AF3EA88951"
                              "AD24EA0D79BE8007197DF7A84D5BDADB31E63E675F27990210D1A28DB3636281";
        auto number = [](char const* digits) {
            BIGNUM* value = nullptr;
            if (digits)
                BN_hex2bn(&value, digits);
            return std::unique_ptr<BIGNUM, decltype(&BN_free)>(value ? value : BN_new(), BN_free);
        };
        std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)> context(BN_CTX_new(), BN_CTX_free);
        auto p = number(kP), q = number(kQ), e = number("10001"), n = number(nullptr), d = number(nullptr);
        BN_mul(n.get(), p.get(), q.get(), context.get());
        BN_sub_word(p.get(), 1);
        BN_sub_word(q.get(), 1);
        BN_mul(p.get(), p.get(), q.get(), context.get());
        BN_mod_inverse(d.get(), e.get(), p.get(), context.get());
        std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)> build(OSSL_PARAM_BLD_new(),
                                                                              OSSL_PARAM_BLD_free);
        OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
        OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
        OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_D, d.get());
        std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)> parameters(OSSL_PARAM_BLD_to_param(build.get()),
                                                                           OSSL_PARAM_free);
        std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> maker(
            EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr), EVP_PKEY_CTX_free);
        EVP_PKEY* key = nullptr;
        EVP_PKEY_fromdata_init(maker.get());
        EVP_PKEY_fromdata(maker.get(), &key, EVP_PKEY_KEYPAIR, parameters.get());
        return key;
    }

    static void add_name(X509_NAME* name, char const* field, std::string const& text)
    {
        X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, reinterpret_cast<unsigned char const*>(text.data()),
                                   int(text.size()), -1, 0);
    }

    static std::vector<uint8_t> sha256(void const* data, size_t size)
    {
        std::vector<uint8_t> digest(32);
        EVP_Digest(data, size, digest.data(), nullptr, EVP_sha256(), nullptr);
        return digest;
    }

    // All bytes but the checksum and the certificate entry; the image has no certificates yet.
    static std::vector<uint8_t> image_hash(BuiltImage const& image)
    {
        std::vector<std::byte> hashed;
        uint32_t checksum = BuiltImage::kOptionalHeader + pe::kOptionalCheckSumOffset;
        uint32_t entry = BuiltImage::kDirectories + pe::kCertificateDirectory * sizeof(pe::DataDirectory);
        for (size_t i = 0; i < image.bytes.size(); ++i) {
            if (i - checksum >= 4 && i - entry >= 8)
                hashed.push_back(image.bytes[i]);
        }
        return sha256(hashed.data(), hashed.size());
    }

    static std::vector<uint8_t> der(uint8_t tag, std::vector<uint8_t> const& content)
    {
        std::vector<uint8_t> out { tag, uint8_t(content.size()) };
        out.insert(out.end(), content.begin(), content.end());
        return out;
    }
    static std::vector<uint8_t> oid(char const* text)
    {
        std::unique_ptr<ASN1_OBJECT, decltype(&ASN1_OBJECT_free)> object(OBJ_txt2obj(text, 1), ASN1_OBJECT_free);
        return der(0x06, { OBJ_get0_data(object.get()), OBJ_get0_data(object.get()) + OBJ_length(object.get()) });
    }
    static std::vector<uint8_t> join(std::vector<uint8_t> a, std::vector<uint8_t> const& b)
    {
        a.insert(a.end(), b.begin(), b.end());
        return a;
    }

    // SpcIndirectDataContent: SpcPeImageData without flags and with an empty file name, then DigestInfo with SHA-256.
    static std::vector<uint8_t> indirect_data(std::vector<uint8_t> const& hash)
    {
        std::vector<uint8_t> data = der(
            0x30,
            join(oid("1.3.6.1.4.1.311.2.1.15"), der(0x30, { 0x03, 0x01, 0x00, 0xA0, 0x04, 0xA2, 0x02, 0x80, 0x00 })));
        std::vector<uint8_t> algorithm = der(0x30, join(oid("2.16.840.1.101.3.4.2.1"), { 0x05, 0x00 }));
        return der(0x30, join(data, der(0x30, join(algorithm, der(0x04, hash)))));
    }

    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> m_key;
    std::unique_ptr<X509, decltype(&X509_free)> m_certificate;
};

} // namespace ringside::test
