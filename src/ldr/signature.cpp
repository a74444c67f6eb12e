// SPDX-License-Identifier: MIT
// Reads the certificate table with OpenSSL. OpenSSL is kept from reading the host's configuration files: the answer
// depends on the image's bytes alone.
#include "ldr/signature.h"

#include "ldr/pkcs7.h"

#include <openssl/evp.h>

namespace ringside::ldr {

namespace {

constexpr size_t kCertificatesMax = 8;

Signature unreadable(std::string problem)
{
    Signature signature;
    signature.problem = std::move(problem);
    return signature;
}

Signature judge(PeFile const& file, Pkcs7Claim claim)
{
    Signature signature = std::move(claim.signature);
    if (!signature.problem.empty())
        return signature;
    auto hash = authenticode_hash(file, signature.digest);
    if (!hash) {
        signature.problem = fmt::format("the digest {} is not known", signature.digest);
        return signature;
    }
    if (*hash != claim.image_hash) {
        signature.state = SignatureState::Altered;
    } else if (!claim.signed_by_certificate) {
        signature.state = SignatureState::Forged;
        signature.problem = "the certificate's key did not sign this";
    } else {
        signature.state = SignatureState::Intact;
    }
    return signature;
}

} // namespace

std::optional<std::vector<uint8_t>> authenticode_hash(PeFile const& file, std::string const& digest_name)
{
    use_openssl();
    EVP_MD const* digest = EVP_get_digestbyname(digest_name.c_str());
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    if (!digest || !context || EVP_DigestInit_ex(context.get(), digest, nullptr) != 1)
        return std::nullopt;
    Headers const& headers = file.headers();
    Directory table = headers.directories[pe::kCertificateDirectory];
    struct Range {
        uint64_t begin, end;
    };
    std::vector<Range> left_out { { headers.checksum_offset, uint64_t(headers.checksum_offset) + 4 } };
    if (headers.certificate_entry_offset != 0)
        left_out.push_back({ headers.certificate_entry_offset, uint64_t(headers.certificate_entry_offset) + 8 });
    // A table inside the headers would take signed bytes out of the hash; then nothing is left out, and nothing
    // matches.
    if (!table.absent() && table.rva >= headers.size_of_headers)
        left_out.push_back({ table.rva, uint64_t(table.rva) + table.size });
    uint64_t at = 0;
    auto hash_up_to = [&](uint64_t end) { EVP_DigestUpdate(context.get(), file.bytes().data() + at, end - at); };
    for (Range range : left_out) {
        hash_up_to(range.begin);
        at = range.end;
    }
    hash_up_to(file.bytes().size());
    std::vector<uint8_t> hash(size_t(EVP_MD_get_size(digest)));
    EVP_DigestFinal_ex(context.get(), hash.data(), nullptr);
    return hash;
}

Signatures read_signatures(PeFile const& file)
{
    Signatures signatures;
    auto table = file.certificates();
    for (uint64_t offset = 0; offset + sizeof(pe::WinCertificate) <= table.size();) {
        auto entry = value_at<pe::WinCertificate>(table, offset);
        auto content = slice(table, offset + sizeof(entry), uint64_t(entry.length) - sizeof(entry));
        if (entry.length <= sizeof(entry) || !content) {
            signatures.list.push_back(unreadable("the certificate table is damaged"));
            break;
        }
        if (signatures.list.size() >= kCertificatesMax)
            break;
        if (entry.type != pe::kCertificatePkcs7) {
            signatures.list.push_back(unreadable(fmt::format("the certificate has the unknown type {}", entry.type)));
        } else {
            for (Pkcs7Claim& claim : read_pkcs7(*content))
                signatures.list.push_back(judge(file, std::move(claim)));
        }
        offset += round_up(entry.length, 8);
    }
    if (!table.empty() && signatures.list.empty())
        signatures.list.push_back(unreadable("the certificate table is damaged"));
    return signatures;
}

std::string Signatures::words() const
{
    if (list.empty())
        return "not signed";
    std::string words;
    for (Signature const& signature : list) {
        if (!words.empty())
            words += "; ";
        if (signature.signer.empty()) {
            words += fmt::format("unreadable signature: {}", signature.problem);
            continue;
        }
        words += fmt::format("signed by {} (issued by {}), {}", signature.signer, signature.issuer, signature.digest);
        switch (signature.state) {
        case SignatureState::Intact:
            words += ", the image is unchanged";
            break;
        case SignatureState::Altered:
            words += ", but the image was altered afterwards";
            break;
        default:
            words += fmt::format(", not valid: {}", signature.problem);
            break;
        }
    }
    return words;
}

} // namespace ringside::ldr
