// SPDX-License-Identifier: MIT
// One Authenticode message, read with OpenSSL: what it claims about the image, and whether its certificate's key really
// signed that claim. It does not know the image; signature.cpp compares.
#pragma once

#include "ldr/signature.h"

#include <memory>

namespace ringside::ldr {

struct Pkcs7Claim {
    Signature signature; // all but the state; a problem if the message cannot be used
    std::vector<uint8_t> image_hash;
    bool signed_by_certificate = false;
};

// The message and those nested in it, outer one first. Never empty.
std::vector<Pkcs7Claim> read_pkcs7(std::span<std::byte const> der);

// Must come before every other use of OpenSSL: by default it would read a configuration file that the host's
// environment names.
void use_openssl();

} // namespace ringside::ldr
