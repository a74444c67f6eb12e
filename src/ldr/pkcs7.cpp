// SPDX-License-Identifier: MIT
// PKCS#7 with Microsoft's content type, after the "Windows Authenticode Portable Executable Signature Format" paper:
// SpcIndirectDataContent ::= SEQUENCE { data, DigestInfo }, where the DigestInfo holds the image's hash.
#include "ldr/pkcs7.h"

#include <openssl/cms.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509.h>

#include <chrono>

namespace ringside::ldr {

namespace {

constexpr char const* kIndirectData = "1.3.6.1.4.1.311.2.1.4";
constexpr char const* kNestedSignature = "1.3.6.1.4.1.311.2.4.1";
constexpr char const* kTimeStampToken = "1.3.6.1.4.1.311.3.3.1"; // RFC 3161
constexpr char const* kCounterSignature = "1.2.840.113549.1.9.6"; // the older kind
constexpr size_t kNestedMax = 7;
constexpr size_t kNameMax = 256;

template <typename T, void (*Free)(T*)>
struct Deleter {
    void operator()(T* object) const { Free(object); }
};
template <typename T, void (*Free)(T*)>
using Owned = std::unique_ptr<T, Deleter<T, Free>>;
using OwnedPkcs7 = Owned<PKCS7, PKCS7_free>;

bool is_type(ASN1_OBJECT const* object, char const* oid)
{
    char text[80];
    int length = object ? OBJ_obj2txt(text, sizeof text, object, 1) : 0;
    return length > 0 && length < int(sizeof text) && std::string_view(text) == oid;
}

OwnedPkcs7 parse_pkcs7(unsigned char const* der, size_t size)
{
    return OwnedPkcs7(d2i_PKCS7(nullptr, &der, long(size)));
}

// UTF-8 without control characters.
std::string text_of(ASN1_STRING const* string)
{
    unsigned char* utf8 = nullptr;
    int size = string ? ASN1_STRING_to_UTF8(&utf8, string) : -1;
    if (size < 0)
        return {};
    std::string text(reinterpret_cast<char*>(utf8), std::min<size_t>(size_t(size), kNameMax));
    OPENSSL_free(utf8);
    while (size_t(size) > kNameMax && !text.empty() && (text.back() & 0xC0) == 0x80)
        text.pop_back(); // not in the middle of a character
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
            c = '?';
    }
    return text;
}

std::string part_of(X509_NAME const* name, int nid)
{
    int index = name ? X509_NAME_get_index_by_NID(name, nid, -1) : -1;
    return index < 0 ? std::string() : text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
}

std::string called(X509_NAME const* name)
{
    std::string common = part_of(name, NID_commonName);
    if (common.empty())
        common = part_of(name, NID_organizationName);
    return common.empty() ? "(no name)" : common;
}

std::string hexadecimal(ASN1_INTEGER const* number)
{
    Owned<BIGNUM, BN_free> value(number && number->length <= 64 ? ASN1_INTEGER_to_BN(number, nullptr) : nullptr);
    char* digits = value ? BN_bn2hex(value.get()) : nullptr;
    std::string text = digits ? digits : "";
    OPENSSL_free(digits);
    return text;
}

std::optional<int64_t> seconds_of(ASN1_TIME const* time)
{
    tm parts {};
    if (!time || ASN1_TIME_to_tm(time, &parts) != 1)
        return std::nullopt;
    using namespace std::chrono;
    sys_days day = year(parts.tm_year + 1900) / (parts.tm_mon + 1) / parts.tm_mday;
    return (day.time_since_epoch() + hours(parts.tm_hour) + minutes(parts.tm_min)) / seconds(1) + parts.tm_sec;
}

std::optional<int64_t> signed_time(PKCS7_SIGNER_INFO* signer)
{
    ASN1_TYPE const* value = PKCS7_get_signed_attribute(signer, NID_pkcs9_signingTime);
    if (!value || (value->type != V_ASN1_UTCTIME && value->type != V_ASN1_GENERALIZEDTIME))
        return std::nullopt;
    return seconds_of(value->value.asn1_string);
}

// Calls visit(der bytes) for every value of the unsigned attributes with this type.
template <typename Visit>
void for_unsigned(PKCS7_SIGNER_INFO* signer, char const* oid, Visit visit)
{
    for (int i = 0; i < sk_X509_ATTRIBUTE_num(signer->unauth_attr); ++i) {
        X509_ATTRIBUTE* attribute = sk_X509_ATTRIBUTE_value(signer->unauth_attr, i);
        if (!is_type(X509_ATTRIBUTE_get0_object(attribute), oid))
            continue;
        for (int k = 0; k < X509_ATTRIBUTE_count(attribute); ++k) {
            ASN1_TYPE* value = X509_ATTRIBUTE_get0_type(attribute, k);
            if (value && value->type == V_ASN1_SEQUENCE)
                visit(value->value.sequence->data, size_t(value->value.sequence->length));
        }
    }
}

void read_time(PKCS7_SIGNER_INFO* signer, Signature& signature)
{
    signature.signing_time = signed_time(signer);
    for_unsigned(signer, kCounterSignature, [&](unsigned char const* der, size_t size) {
        Owned<PKCS7_SIGNER_INFO, PKCS7_SIGNER_INFO_free> counter(d2i_PKCS7_SIGNER_INFO(nullptr, &der, long(size)));
        auto time = counter ? signed_time(counter.get()) : std::nullopt;
        if (!time)
            return;
        signature.signing_time = time;
        signature.time_stamper = called(counter->issuer_and_serial ? counter->issuer_and_serial->issuer : nullptr);
    });
    for_unsigned(signer, kTimeStampToken, [&](unsigned char const* der, size_t size) {
        // CMS and not PKCS7: Microsoft's tokens hold kinds of certificates that the older reader stumbles over.
        Owned<CMS_ContentInfo, CMS_ContentInfo_free> token(d2i_CMS_ContentInfo(nullptr, &der, long(size)));
        ASN1_OCTET_STRING** content = token ? CMS_get0_content(token.get()) : nullptr;
        if (!content || !*content)
            return;
        unsigned char const* at = (*content)->data;
        Owned<TS_TST_INFO, TS_TST_INFO_free> info(d2i_TS_TST_INFO(nullptr, &at, (*content)->length));
        auto time = info ? seconds_of(TS_TST_INFO_get_time(info.get())) : std::nullopt;
        if (!time)
            return;
        signature.signing_time = time;
        STACK_OF(CMS_SignerInfo)* stampers = CMS_get0_SignerInfos(token.get());
        X509_NAME* issuer = nullptr;
        if (sk_CMS_SignerInfo_num(stampers) > 0)
            CMS_SignerInfo_get0_signer_id(sk_CMS_SignerInfo_value(stampers, 0), nullptr, &issuer, nullptr);
        signature.time_stamper = called(issuer);
    });
}

struct Der {
    unsigned char const* data = nullptr;
    long size = 0;
};

// The content of the SEQUENCE at the start of these bytes; size 0 if there is none.
Der inside_sequence(Der outer)
{
    long length = 0;
    int tag = 0, tag_class = 0;
    unsigned char const* at = outer.data;
    int flags = outer.size > 0 ? ASN1_get_object(&at, &length, &tag, &tag_class, outer.size) : 0x80;
    // Bit 7: damaged. Bit 0: of indefinite length, which is not DER.
    if ((flags & 0x81) || tag != V_ASN1_SEQUENCE || tag_class != V_ASN1_UNIVERSAL)
        return {};
    return { at, length };
}

// Reads the signed content: the digest's name and the image's hash. Returns the bytes that the message digest covers.
Der read_content(PKCS7* message, Pkcs7Claim& claim)
{
    PKCS7* contents = message->d.sign->contents;
    if (!contents || !is_type(contents->type, kIndirectData) || !contents->d.other
        || contents->d.other->type != V_ASN1_SEQUENCE)
        return {};
    ASN1_STRING const* sequence = contents->d.other->value.sequence;
    Der content = inside_sequence({ sequence->data, sequence->length });
    Der data = inside_sequence(content);
    if (data.size == 0)
        return {};
    unsigned char const* at = data.data + data.size;
    Owned<X509_SIG, X509_SIG_free> digest_info(d2i_X509_SIG(nullptr, &at, content.data + content.size - at));
    if (!digest_info)
        return {};
    X509_ALGOR const* algorithm = nullptr;
    ASN1_OCTET_STRING const* hash = nullptr;
    X509_SIG_get0(digest_info.get(), &algorithm, &hash);
    ASN1_OBJECT const* type = nullptr;
    X509_ALGOR_get0(&type, nullptr, nullptr, algorithm);
    int nid = OBJ_obj2nid(type);
    char oid[80] = "";
    OBJ_obj2txt(oid, sizeof oid, type, 1);
    claim.signature.digest = nid != NID_undef ? OBJ_nid2sn(nid) : oid;
    claim.image_hash.assign(hash->data, hash->data + hash->length);
    return content;
}

// Whether the certificate's key signed the content. The chain is not judged (see signature.h). The steps of
// PKCS7_verify, which itself loses memory when a message names a digest that OpenSSL does not have.
bool verify_key(PKCS7* message, PKCS7_SIGNER_INFO* signer, X509* certificate, Der content)
{
    BIO* source = BIO_new_mem_buf(content.data, int(content.size));
    Owned<BIO, BIO_free_all> digests(source ? PKCS7_dataInit(message, source) : nullptr);
    if (!digests) {
        BIO_free(source); // else it is the last link of the chain
        return false;
    }
    char sink[512];
    while (BIO_read(digests.get(), sink, sizeof sink) > 0) { }
    return PKCS7_signatureVerify(digests.get(), message, signer, certificate) == 1;
}

Pkcs7Claim read_message(PKCS7* message)
{
    Pkcs7Claim claim;
    auto fail = [&](char const* problem) {
        claim.signature.problem = problem;
        return claim;
    };
    if (!message)
        return fail("it is not a PKCS#7 message");
    if (!PKCS7_type_is_signed(message) || !message->d.sign)
        return fail("the PKCS#7 message is not a signed one");
    // Authenticode has one signer and one digest. More would cost time without bound, and for digests the host's stack:
    // OpenSSL passes the content through a recursive chain of them.
    if (sk_PKCS7_SIGNER_INFO_num(message->d.sign->signer_info) != 1 || sk_X509_ALGOR_num(message->d.sign->md_algs) != 1)
        return fail("the PKCS#7 message has not exactly one signer and one digest");
    Der content = read_content(message, claim);
    if (content.size == 0)
        return fail("the PKCS#7 message signs no image hash");
    STACK_OF(X509)* signers = PKCS7_get0_signers(message, nullptr, 0);
    X509* certificate = sk_X509_num(signers) > 0 ? sk_X509_value(signers, 0) : nullptr;
    sk_X509_free(signers); // the stack only: the certificates are the message's
    if (!certificate)
        return fail("the PKCS#7 message lacks its signer's certificate");
    Signature& signature = claim.signature;
    signature.signer = called(X509_get_subject_name(certificate));
    signature.organization = part_of(X509_get_subject_name(certificate), NID_organizationName);
    signature.issuer = called(X509_get_issuer_name(certificate));
    signature.serial = hexadecimal(X509_get0_serialNumber(certificate));
    PKCS7_SIGNER_INFO* signer = sk_PKCS7_SIGNER_INFO_value(PKCS7_get_signer_info(message), 0);
    read_time(signer, signature);
    claim.signed_by_certificate = verify_key(message, signer, certificate, content);
    return claim;
}

} // namespace

void use_openssl() { OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr); }

std::vector<Pkcs7Claim> read_pkcs7(std::span<std::byte const> der)
{
    use_openssl();
    std::vector<Pkcs7Claim> claims;
    OwnedPkcs7 message = parse_pkcs7(reinterpret_cast<unsigned char const*>(der.data()), der.size());
    claims.push_back(read_message(message.get()));
    if (!claims.front().signature.signer.empty()) {
        PKCS7_SIGNER_INFO* signer = sk_PKCS7_SIGNER_INFO_value(PKCS7_get_signer_info(message.get()), 0);
        for_unsigned(signer, kNestedSignature, [&](unsigned char const* nested, size_t size) {
            if (claims.size() <= kNestedMax)
                claims.push_back(read_message(parse_pkcs7(nested, size).get()));
        });
    }
    ERR_clear_error();
    return claims;
}

} // namespace ringside::ldr
