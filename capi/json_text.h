// SPDX-License-Identifier: MIT
// JSON as the C face returns it: one line of UTF-8, whatever bytes a driver put into its names.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace ringside::capi {

inline std::string json_text(nlohmann::ordered_json const& json)
{
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

} // namespace ringside::capi
