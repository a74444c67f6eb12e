// SPDX-License-Identifier: MIT
// Authenticode: who signed an image, when, and whether the image is still what was signed. Whether the signer is to be
// believed is a question to Windows' certificate stores, and no answer to it is given here.
//
// A certificate table holds PKCS#7 messages; each signs a hash of the image that leaves out the checksum, the table's
// directory entry and the table itself. A second signature is nested in the first one's unsigned attributes.
#pragma once

#include "ldr/pe.h"

namespace ringside::ldr {

enum class SignatureState {
    None, // the file holds no signature (it may be signed through a catalog beside it)
    Intact, // the signed hash is the image's, and the certificate's key signed it
    Altered, // the image is not the one that was signed
    Forged, // the hash is the image's, but the certificate's key did not sign it
    Unreadable, // there is something, but no signature that can be read
};

struct Signature {
    SignatureState state = SignatureState::Unreadable;
    std::string signer; // the certificate's common name, else its organization
    std::string organization; // empty: not given
    std::string issuer; // likewise of the certificate's issuer
    std::string serial; // hexadecimal
    std::string digest; // "SHA256"
    // Seconds since 1970, as somebody says: the time stamper if there is one, else the signer.
    std::optional<int64_t> signing_time;
    std::string time_stamper; // the issuer of the stamper's certificate; empty: the time is the signer's own
    std::string problem; // for Forged and Unreadable: what is wrong
};

struct Signatures {
    std::vector<Signature> list; // nested ones follow their outer one
    SignatureState state() const { return list.empty() ? SignatureState::None : list.front().state; }
    // One line: "signed by X (issued by Y), SHA256, the image is unchanged".
    std::string words() const;
};

Signatures read_signatures(PeFile const& file);

// The Authenticode hash. digest_name is OpenSSL's ("SHA256"); nothing if there is no such digest.
std::optional<std::vector<uint8_t>> authenticode_hash(PeFile const& file, std::string const& digest_name);

} // namespace ringside::ldr
