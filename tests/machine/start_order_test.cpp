// SPDX-License-Identifier: MIT
// Boot-start, system-start and later drivers: when their Reinitialize routines are called.
#include <ringside/ringside.h>

#include "nt/status.h"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

using namespace ringside;
using namespace ringside::nt;

namespace {

// One image under several names.
Driver load(Machine& machine, std::string const& name, Start start)
{
    static std::string const image = [] {
        std::ifstream file(RINGSIDE_DRIVERS "/phases.sys", std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(file), {});
    }();
    return machine.load(name, std::as_bytes(std::span(image)), "", { .start = start });
}

using Lines = std::vector<std::string>;

} // namespace

// Two boot-start drivers, two system-start ones, and one that is loaded later; one of the boot-start ones fails.
// Shows: the boot routines are called when all boot-start drivers have started, in the order of their registration; the
// others when the system-start drivers have, too; one that registers itself again has its turn after all others; a later
// driver's is called at once, and its boot routine never; a driver that failed is not called. Count counts both kinds.
TEST(start_order, reinitialization_waits_for_the_others)
{
    Machine machine({ .seed = 4 });
    load(machine, "disk.sys", Start::Boot);
    EXPECT_EQ(load(machine, "failing.sys", Start::Boot).status(), STATUS_UNSUCCESSFUL);
    load(machine, "volume.sys", Start::Boot);
    load(machine, "beep.sys", Start::System);
    load(machine, "null.sys", Start::System);
    load(machine, "later.sys", Start::Demand);
    EXPECT_EQ(machine.export_registry(R"(HKLM\SYSTEM\CurrentControlSet\Services\disk)").find("\"Start\"=dword:00000000")
                  == std::string::npos,
              false);
    machine.settle();
    Report const report = machine.finish();
    EXPECT_EQ(report.end, Report::End::Clean);
    EXPECT_EQ(report.said,
              (Lines {
                  "disk: DriverEntry 0",
                  "failing: DriverEntry 0",
                  "volume: DriverEntry 0",
                  "disk: boot devices are there 1",
                  "volume: boot devices are there 1",
                  "beep: DriverEntry 0",
                  "null: DriverEntry 0",
                  "disk: others have started 2",
                  "volume: others have started 2",
                  "beep: others have started 1",
                  "null: others have started 1",
                  "disk: once more 3",
                  "volume: once more 3",
                  "beep: once more 2",
                  "null: once more 2",
                  "later: DriverEntry 0",
                  "later: others have started 1",
                  "later: once more 2",
              }));
}

// The machine is used before a driver is loaded, or nothing but a boot-start driver is loaded.
// Shows: boot is over with the first use, whatever it is, and a boot-start driver comes too late then; without a driver of
// another kind both phases end at the first use.
TEST(start_order, any_use_of_the_machine_ends_them)
{
    for (int use = 0; use < 3; ++use) {
        Machine machine;
        load(machine, "disk.sys", Start::Boot);
        if (use == 0)
            machine.settle();
        else if (use == 1)
            machine.run_for(1);
        else
            (void)machine.open(R"(\\.\None)");
        for (Start start : { Start::Boot, Start::System })
            EXPECT_THROW(load(machine, "late.sys", start), BadUse);
        EXPECT_EQ(load(machine, "auto.sys", Start::Automatic).status(), STATUS_SUCCESS);
        Report const report = machine.finish();
        EXPECT_EQ(report.end, Report::End::Clean);
        EXPECT_EQ(
            report.said,
            (Lines { "disk: DriverEntry 0", "disk: boot devices are there 1", "disk: others have started 2",
                     "disk: once more 3", "auto: DriverEntry 0", "auto: others have started 1", "auto: once more 2" }))
            << use;
    }
    Machine machine;
    load(machine, "beep.sys", Start::System);
    EXPECT_THROW(load(machine, "disk.sys", Start::Boot), BadUse);
    machine.expect_quiet();
}
