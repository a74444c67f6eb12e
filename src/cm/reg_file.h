// SPDX-License-Identifier: MIT
// .reg files ("Windows Registry Editor Version 5.00", UTF-8 or UTF-16) and the short form of the command line:
//
//   Parameters\Name=dword:1        below the driver's service key
//   HKLM\Software\Ours\@="text"    anywhere; @ is a key's default value
//
//   file    = header { comment | "[" key "]" | "[-" key "]" | name "=" value }
//   name    = "@" | quoted
//   value   = quoted | "dword:" hex | "hex:" bytes | "hex(" type "):" bytes | "-"
//
// A file is read whole before anything changes: one with a mistake leaves the registry as it was.
#pragma once

#include "cm/registry.h"

namespace ringside::cm {

// Nothing when all of it was applied, else one line of words: "line 7: ...". The text is the file's bytes.
std::optional<std::string> import_reg_file(Registry& registry, std::string_view text);
// A key with all below it, links left out: what import_reg_file makes the same of.
std::string export_reg_file(Key const& key);
// The short form, UTF-8. A path without a root is relative to the service's key.
std::optional<std::string> assign(Registry& registry, std::u16string_view service, std::string_view assignment);

} // namespace ringside::cm
