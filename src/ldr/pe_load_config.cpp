// SPDX-License-Identifier: MIT
// Reads the load configuration directory.
#include "ldr/pe_load_config.h"

namespace ringside::ldr {

Refusal read_load_config(ImageView const& image, LoadConfig& config)
{
    Directory where = image.directory(pe::kLoadConfigDirectory);
    if (where.absent())
        return {};
    auto size = image.read<uint32_t>(where.rva);
    if (!size)
        return refuse("the load configuration ({:#x}) is not inside a section", where.rva);
    config.size = *size;
    if (config.size >= pe::kLoadConfigGuardFlags + sizeof(uint32_t))
        config.guard_flags = image.read<uint32_t>(uint64_t(where.rva) + pe::kLoadConfigGuardFlags).value_or(0);
    if (config.size < pe::kLoadConfigSecurityCookie + sizeof(uint64_t))
        return {};
    auto address = image.read<uint64_t>(uint64_t(where.rva) + pe::kLoadConfigSecurityCookie);
    if (!address)
        return refuse("the load configuration ({:#x}) reaches beyond its section", where.rva);
    if (*address == 0)
        return {};
    uint64_t rva = *address - image.headers().image_base;
    Section const* section = rva < image.headers().size_of_image ? image.section_at(rva, sizeof(uint64_t)) : nullptr;
    if (!section)
        return refuse("the security cookie ({:#x}) lies outside the image", *address);
    if (!section->write)
        return refuse("the security cookie ({:#x}) lies in section {}, which is not writable", *address, section->name);
    config.cookie_rva = uint32_t(rva);
    config.cookie_has_default = image.read<uint64_t>(rva) == pe::kDefaultSecurityCookie;
    return {};
}

} // namespace ringside::ldr
