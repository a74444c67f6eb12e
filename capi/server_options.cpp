// SPDX-License-Identifier: MIT
// What a machine is booted with, as it goes over the wire.
#include "server.h"

#include <fmt/format.h>

namespace ringside::capi {

namespace {

// More would be a mistake, and take gigabytes.
constexpr uint64_t kLogRecordsMax = 1 << 24;
constexpr double kSecondsMax = 1e6;

} // namespace

void write_options(Message& to, MachineOptions const& options)
{
    to.number(options.seed);
    to.number<uint32_t>(options.processors);
    to.number<uint32_t>(options.groups);
    to.number(static_cast<uint8_t>(options.windows));
    to.number(static_cast<uint8_t>(options.checks));
    to.number<uint32_t>(static_cast<uint32_t>(options.rules_off.size()));
    for (std::string const& rule : options.rules_off)
        to.text(rule);
    to.number(options.faults.nth);
    to.number(options.faults.site_on_percent);
    to.number(options.faults.fire_percent);
    to.flag(options.explore);
    to.flag(options.force_irql);
    to.number(options.mean_steps);
    to.flag(options.live_output);
    to.number(options.hang_seconds);
    to.number<uint64_t>(options.memory_bytes);
    to.text(options.c_drive.folder);
    to.flag(options.c_drive.write_through);
    to.number<uint64_t>(options.log_records);
}

MachineOptions read_options(Reader& from)
{
    MachineOptions options;
    options.seed = from.number<uint64_t>();
    options.processors = from.number<uint32_t>();
    options.groups = from.number<uint32_t>();
    auto windows = from.number<uint8_t>();
    auto checks = from.number<uint8_t>();
    auto rules = from.number<uint32_t>();
    // A count is foreign, too: the text ends when the payload does.
    for (uint32_t i = 0; i < rules && options.rules_off.size() < 1024; ++i)
        options.rules_off.emplace_back(from.text());
    options.faults.nth = from.number<uint64_t>();
    options.faults.site_on_percent = from.number<uint32_t>();
    options.faults.fire_percent = from.number<uint32_t>();
    options.explore = from.flag();
    options.force_irql = from.flag();
    options.mean_steps = from.number<uint32_t>();
    options.live_output = from.flag();
    options.hang_seconds = from.number<double>();
    options.memory_bytes = from.number<uint64_t>();
    options.c_drive.folder = from.text();
    options.c_drive.write_through = from.flag();
    options.log_records = from.number<uint64_t>();
    if (windows >= static_cast<uint8_t>(Windows::never))
        throw Refused(RINGSIDE_BAD_ARGUMENT, "options.windows: no release of that number");
    if (checks > static_cast<uint8_t>(Checks::Verified))
        throw Refused(RINGSIDE_BAD_ARGUMENT, "options.checks is none of bare, observed, verified");
    if (options.faults.site_on_percent > 100 || options.faults.fire_percent > 100)
        throw Refused(RINGSIDE_BAD_ARGUMENT, "options.fail_site_percent and fail_fire_percent are at most 100");
    if (!(options.hang_seconds >= 0 && options.hang_seconds <= kSecondsMax))
        throw Refused(RINGSIDE_BAD_ARGUMENT, fmt::format("options.hang_seconds is 0 to {:.0f}", kSecondsMax));
    if (options.log_records > kLogRecordsMax)
        throw Refused(RINGSIDE_BAD_ARGUMENT, fmt::format("options.log_records is at most {}", kLogRecordsMax));
    options.windows = static_cast<Windows>(windows);
    options.checks = static_cast<Checks>(checks);
    return options;
}

} // namespace ringside::capi
