// SPDX-License-Identifier: MIT
// Authenticode: who signed, and whether the image is still what was signed.
#include "ldr/signature.h"
#include "pe_signer.h"

#include <gtest/gtest.h>

namespace ringside::ldr {
namespace {

using test::BuiltImage;
using test::PeBuilder;
using test::PeSigner;

Signatures signatures_of(BuiltImage const& image)
{
    PeResult result = PeFile::parse(image.bytes);
    if (!result)
        throw std::runtime_error(result.bad().reason);
    return read_signatures(result.file());
}

TEST(Signature, None)
{
    Signatures signatures = signatures_of(PeBuilder().build());
    EXPECT_EQ(signatures.state(), SignatureState::None);
    EXPECT_EQ(signatures.words(), "not signed");
}

TEST(Signature, Intact)
{
    BuiltImage image = PeBuilder().build();
    PeSigner("Ringside Tests", "Ringside").sign(image);
    Signatures signatures = signatures_of(image);
    ASSERT_EQ(signatures.list.size(), 1u);
    Signature const& signature = signatures.list[0];
    EXPECT_EQ(signature.state, SignatureState::Intact);
    EXPECT_EQ(signature.signer, "Ringside Tests");
    EXPECT_EQ(signature.organization, "Ringside");
    EXPECT_EQ(signature.issuer, "Ringside Tests");
    EXPECT_EQ(signature.serial, "1234");
    EXPECT_EQ(signature.digest, "SHA256");
    EXPECT_EQ(signature.signing_time, 1709208000); // 2024-02-29 12:00 UTC
    EXPECT_EQ(signature.time_stamper, "");
    EXPECT_EQ(signatures.words(),
              "signed by Ringside Tests (issued by Ringside Tests), SHA256, the image is unchanged");
}

// The checksum is written after signing, so it is not part of what is signed.
TEST(Signature, TheChecksumMayChange)
{
    BuiltImage image = PeBuilder().build();
    PeSigner("Ringside Tests", "Ringside").sign(image);
    image.optional().check_sum = 0x12345;
    EXPECT_EQ(signatures_of(image).state(), SignatureState::Intact);
}

TEST(Signature, Altered)
{
    BuiltImage image = PeBuilder().build();
    PeSigner("Ringside Tests", "Ringside").sign(image);
    image.in<uint8_t>("entry", 4) ^= 1;
    Signatures signatures = signatures_of(image);
    EXPECT_EQ(signatures.state(), SignatureState::Altered);
    EXPECT_EQ(signatures.words(),
              "signed by Ringside Tests (issued by Ringside Tests), SHA256, but the image was "
              "altered afterwards");
}

// Bytes put behind the certificates are not covered by anything.
TEST(Signature, AppendedBytes)
{
    BuiltImage image = PeBuilder().build();
    PeSigner("Ringside Tests", "Ringside").sign(image);
    image.bytes.resize(image.bytes.size() + 16, std::byte(1));
    EXPECT_EQ(signatures_of(image).state(), SignatureState::Altered);
}

// Another image's message with this image's hash written into it: the hash is right, the key never signed it.
TEST(Signature, Forged)
{
    PeSigner signer("Ringside Tests", "Ringside");
    BuiltImage genuine = PeBuilder().build(), evil = PeBuilder().build();
    evil.in<uint8_t>("entry", 4) ^= 1;
    std::vector<uint8_t> message = signer.message(genuine);
    auto hash_of
        = [](BuiltImage const& image) { return *authenticode_hash(PeFile::parse(image.bytes).take(), "SHA256"); };
    std::vector<uint8_t> old_hash = hash_of(genuine), new_hash = hash_of(evil);
    auto place = std::search(message.begin(), message.end(), old_hash.begin(), old_hash.end());
    ASSERT_NE(place, message.end());
    std::copy(new_hash.begin(), new_hash.end(), place);
    PeSigner::attach(evil, { message });
    Signatures signatures = signatures_of(evil);
    EXPECT_EQ(signatures.state(), SignatureState::Forged);
    EXPECT_EQ(signatures.words(),
              "signed by Ringside Tests (issued by Ringside Tests), SHA256, not valid: the "
              "certificate's key did not sign this");
}

// Two signatures, as drivers have that were signed by their maker and by Microsoft: nested, or side by side.
TEST(Signature, NestedAndSideBySide)
{
    PeSigner maker("Maker", "Maker Ltd"), publisher("Publisher", "Publisher Corp");
    BuiltImage nested = PeBuilder().build();
    PeSigner::attach(nested, { maker.message(nested, { publisher.message(nested) }) });
    BuiltImage beside = PeBuilder().build();
    PeSigner::attach(beside, { maker.message(beside), publisher.message(beside) });
    for (BuiltImage const& image : { nested, beside }) {
        Signatures signatures = signatures_of(image);
        ASSERT_EQ(signatures.list.size(), 2u);
        EXPECT_EQ(signatures.list[0].signer, "Maker");
        EXPECT_EQ(signatures.list[1].signer, "Publisher");
        EXPECT_EQ(signatures.list[0].state, SignatureState::Intact);
        EXPECT_EQ(signatures.list[1].state, SignatureState::Intact);
    }
}

// A certificate may call itself anything; a terminal must not be told so.
TEST(Signature, ControlCharactersInNames)
{
    BuiltImage image = PeBuilder().build();
    PeSigner("Evil\x1b[2J", "\xC3\x84rger\n").sign(image);
    Signatures signatures = signatures_of(image);
    EXPECT_EQ(signatures.list.at(0).signer, "Evil?[2J");
    EXPECT_EQ(signatures.list.at(0).organization, "\xC3\x84rger?");
}

TEST(Signature, Unreadable)
{
    auto words = [](std::vector<uint8_t> const& message, uint16_t type = pe::kCertificatePkcs7) {
        BuiltImage image = PeBuilder().build();
        PeSigner::attach(image, { message });
        image.at<pe::WinCertificate>(image.directory(pe::kCertificateDirectory).address).type = type;
        Signatures signatures = signatures_of(image);
        EXPECT_EQ(signatures.state(), SignatureState::Unreadable);
        return signatures.words();
    };
    EXPECT_EQ(words({ 1, 2, 3, 4 }), "unreadable signature: it is not a PKCS#7 message");
    EXPECT_EQ(words({ 1, 2, 3, 4 }, 1), "unreadable signature: the certificate has the unknown type 1");
    EXPECT_EQ(words({}), "unreadable signature: the certificate table is damaged");
    // PKCS#7 data without a signature around it.
    EXPECT_EQ(words({ 0x30, 0x0B, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01 }),
              "unreadable signature: the PKCS#7 message is not a signed one");
}

// A message that names a hundred thousand digests: OpenSSL would recurse through all of them.
TEST(Signature, ManyDigests)
{
    BuiltImage image = PeBuilder().build();
    PeSigner signer("Ringside Tests", "Ringside");
    PeSigner::attach(image, { signer.message(image, {}, 100000) });
    EXPECT_EQ(signatures_of(image).words(),
              "unreadable signature: the PKCS#7 message has not exactly one signer and one digest");
}

} // namespace
} // namespace ringside::ldr
