// SPDX-License-Identifier: MIT
// A provider built with WmiLib (tests/drivers/wmi_provider.c) and a management program that uses it.
#include <ringside/ringside.h>

#include "drivers/wmi_provider.h"

#include <cstring>
#include <gtest/gtest.h>

using namespace ringside;

namespace {

constexpr int32_t kSuccess = 0;
constexpr int32_t kBufferTooSmall = static_cast<int32_t>(0xC0000023);
constexpr int32_t kGuidNotFound = static_cast<int32_t>(0xC0000295);
constexpr int32_t kInstanceNotFound = static_cast<int32_t>(0xC0000296);
constexpr int32_t kItemNotFound = static_cast<int32_t>(0xC0000297);
constexpr int32_t kReadOnly = static_cast<int32_t>(0xC00002C6);
constexpr int32_t kSetFailure = static_cast<int32_t>(0xC00002C7);

Bytes bytes_of(uint32_t number)
{
    Bytes bytes(sizeof number);
    std::memcpy(bytes.data(), &number, sizeof number);
    return bytes;
}

std::vector<uint32_t> numbers(std::vector<std::byte> const& bytes)
{
    std::vector<uint32_t> found(bytes.size() / 4);
    std::memcpy(found.data(), bytes.data(), found.size() * 4);
    return found;
}

// "Slot0=100 Slot1=200"
std::string text_of(std::vector<WmiInstance> const& instances)
{
    std::string text;
    for (auto const& instance : instances) {
        text += (text.empty() ? "" : " ") + instance.name + "=";
        for (uint32_t number : numbers(instance.bytes))
            text += (text.back() == '=' ? "" : ",") + std::to_string(number);
    }
    return text;
}

} // namespace

// A program asks for the block as a whole, for one instance by name in any case, sets it whole and by item.
// Shows: names from the base name, values that stay, and a status of its own for each thing that is not there.
TEST(wmi, instances_are_queried_and_set)
{
    Machine machine({ .seed = 5 });
    machine.load(RINGSIDE_DRIVERS "/wmi_provider.sys");
    EXPECT_EQ(text_of(machine.wmi_query(WMI_SLOT_GUID).instances), "Slot0=100 Slot1=200");
    EXPECT_EQ(text_of(machine.wmi_query(WMI_SLOT_GUID, "SLOT1").instances), "Slot1=200");
    EXPECT_EQ(machine.wmi_set(WMI_SLOT_GUID, "Slot0", bytes_of(7)), kSuccess);
    EXPECT_EQ(machine.wmi_set_item(WMI_SLOT_GUID, "Slot1", 1, bytes_of(8)), kSuccess);
    EXPECT_EQ(text_of(machine.wmi_query(WMI_SLOT_GUID).instances), "Slot0=7 Slot1=8");

    EXPECT_EQ(machine.wmi_query(WMI_SLOT_GUID, "Slot2").status, kInstanceNotFound);
    EXPECT_EQ(machine.wmi_query("5f3a1c62-0d6b-4d6e-9f0e-1f6a5a3b7cff").status, kGuidNotFound);
    EXPECT_EQ(machine.wmi_query(WMI_SUM_GUID).status, kGuidNotFound) << "an event block has no data";
    EXPECT_EQ(machine.wmi_set_item(WMI_SLOT_GUID, "Slot1", 2, bytes_of(8)), kItemNotFound);
    EXPECT_EQ(machine.wmi_set(WMI_COUNT_GUID, "Slot0", bytes_of(8)), kReadOnly);
    EXPECT_EQ(machine.wmi_set(WMI_SLOT_GUID, "Slot0", Bytes(3)), kSetFailure);
    EXPECT_THROW(machine.wmi_query("{5f3a1c62}"), BadUse);
    EXPECT_TRUE(machine.wmi_complaints().empty());
    machine.expect_quiet();
}

// A method takes a number and gives a number back; another one never has enough room.
TEST(wmi, methods_give_results_or_the_size_that_they_need)
{
    Machine machine({ .seed = 5 });
    machine.load(RINGSIDE_DRIVERS "/wmi_provider.sys");
    Reply const sum = machine.wmi_method(WMI_SLOT_GUID, "Slot1", 1, bytes_of(5), 4);
    EXPECT_EQ(sum.status, kSuccess);
    EXPECT_EQ(numbers(sum.bytes), std::vector<uint32_t> { 205 });
    Reply const small = machine.wmi_method(WMI_SLOT_GUID, "Slot1", 2, bytes_of(5), 16);
    EXPECT_EQ(small.status, kBufferTooSmall);
    EXPECT_GE(small.information, 5000u);
    EXPECT_EQ(machine.wmi_method(WMI_SLOT_GUID, "Slot1", 3, {}, 16).status, kItemNotFound);
    EXPECT_EQ(text_of(machine.wmi_query(WMI_SLOT_GUID).instances), "Slot0=100 Slot1=205");
    machine.expect_quiet();
}

// Nobody listens, somebody does, and nobody again. Shows: the driver is told both times, and only what it fires
// meanwhile arrives; the expensive block is collected while it is open, and not otherwise.
TEST(wmi, events_and_collection_are_enabled_while_somebody_wants_them)
{
    Machine machine({ .seed = 5 });
    machine.load(RINGSIDE_DRIVERS "/wmi_provider.sys");
    machine.wmi_method(WMI_SLOT_GUID, "Slot0", 1, bytes_of(1), 4);
    EXPECT_EQ(machine.wmi_listen(WMI_SUM_GUID), kSuccess);
    machine.wmi_method(WMI_SLOT_GUID, "Slot0", 1, bytes_of(1), 4);
    machine.wmi_method(WMI_SLOT_GUID, "Slot0", 1, bytes_of(1), 4);
    EXPECT_EQ(text_of(machine.wmi_events(WMI_SUM_GUID)), "Slot0=102 Slot0=103");
    EXPECT_EQ(text_of(machine.wmi_query(WMI_COUNT_GUID).instances), "Slot0=1,0,1,0");
    machine.wmi_ignore(WMI_SUM_GUID);
    machine.settle();
    machine.wmi_method(WMI_SLOT_GUID, "Slot0", 1, bytes_of(1), 4);
    EXPECT_TRUE(machine.wmi_events(WMI_SUM_GUID).empty());
    EXPECT_EQ(text_of(machine.wmi_query(WMI_COUNT_GUID).instances), "Slot0=2,1,1,1");
    machine.expect_quiet();
}

// Each callback of WMILIB_CONTEXT is called. Shows: the log names it, the IRP's dispatch around it, and nothing else
// (once per kind, in the order of the calls) that a driver of WMI is entered through.
TEST(wmi, each_callback_has_a_door_of_its_own)
{
    Machine machine({ .seed = 5 });
    machine.load(RINGSIDE_DRIVERS "/wmi_provider.sys");
    machine.wmi_query(WMI_SLOT_GUID);
    machine.wmi_set(WMI_SLOT_GUID, "Slot0", bytes_of(7));
    machine.wmi_set_item(WMI_SLOT_GUID, "Slot1", 1, bytes_of(8));
    machine.wmi_method(WMI_SLOT_GUID, "Slot1", 1, bytes_of(5), 4);
    machine.wmi_listen(WMI_SUM_GUID);
    std::vector<std::string> entered;
    unsigned inside = 0; // dispatch routines
    for (auto const& line : machine.log_lines()) {
        inside += line.find("--> dispatch") != line.npos;
        inside -= line.find("<-- dispatch") != line.npos;
        size_t const at = line.find("--> ");
        if (at == line.npos || line.find("SYSTEM_CONTROL") != line.npos)
            continue;
        EXPECT_EQ(inside, line.find("DriverEntry") == line.npos ? 1u : 0u) << line;
        entered.push_back(line.substr(at + 4));
    }
    EXPECT_EQ(entered,
              (std::vector<std::string> { "DriverEntry", "QueryWmiRegInfo", "QueryWmiDataBlock", "SetWmiDataBlock",
                                          "SetWmiDataItem", "ExecuteWmiMethod", "WmiFunctionControl" }));
    machine.expect_quiet();
}

// The driver deregisters when it is unloaded; another build of it forgets to.
// Shows: the block is gone, and the registration that is left is told.
TEST(wmi, a_registration_that_is_left_is_told)
{
    {
        Machine machine({ .seed = 5 });
        Driver driver = machine.load(RINGSIDE_DRIVERS "/wmi_provider.sys");
        EXPECT_EQ(driver.unload(), kSuccess);
        EXPECT_EQ(machine.wmi_query(WMI_SLOT_GUID).status, kGuidNotFound);
        machine.expect_quiet();
    }
    Machine machine({ .seed = 5, .rules_off = Machine::rules() });
    machine.load(RINGSIDE_DRIVERS "/wmi_provider_stays.sys");
    Report const report = machine.finish();
    EXPECT_EQ(report.exit_code, 2);
    bool told = false;
    for (auto const& line : report.leaks)
        told |= line == "WMI registration of wmi_provider_stays was not withdrawn";
    EXPECT_TRUE(told);
}

// Each fallible call of the driver fails in turn, then schedules differ. Shows: whatever fails, what is answered is
// right, and nothing is left.
TEST(wmi, survives_each_failure_and_many_schedules)
{
    auto run = [](MachineOptions const& options) {
        Machine machine(options);
        Driver const driver = machine.load(RINGSIDE_DRIVERS "/wmi_provider.sys");
        if (driver.status() >= 0) {
            machine.wmi_listen(WMI_SUM_GUID);
            WmiReply const before = machine.wmi_query(WMI_SLOT_GUID);
            if (before.ok()) {
                EXPECT_EQ(text_of(before.instances), "Slot0=100 Slot1=200");
                machine.wmi_method(WMI_SLOT_GUID, "Slot0", 1, bytes_of(1), 4);
                EXPECT_EQ(text_of(machine.wmi_query(WMI_SLOT_GUID, "Slot0").instances), "Slot0=101");
                for (auto const& event : machine.wmi_events(WMI_SUM_GUID))
                    EXPECT_EQ(text_of({ event }), "Slot0=101");
            }
        }
        EXPECT_TRUE(machine.wmi_complaints().empty());
        Report const report = machine.finish();
        EXPECT_EQ(report.exit_code, 0) << report.words << (report.leaks.empty() ? "" : report.leaks.front());
        return report.faults_injected;
    };
    uint64_t nth = 1;
    while (run({ .seed = 1, .faults = { .nth = nth } }))
        ++nth;
    EXPECT_GT(nth, 3u);
    for (uint64_t seed = 1; seed <= 60; ++seed) {
        SCOPED_TRACE(seed);
        run({ .seed = seed, .processors = 1 + static_cast<unsigned>(seed % 4) });
    }
}
