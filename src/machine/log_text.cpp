// SPDX-License-Identifier: MIT
// The event log as a document (docs/design.md D13): one line per event, fixed columns.
//
//  time          cpu irql  thr  what
//    0.000417    0   PASS  #3   IofCallDriver        IRP #12
#include "io/driver.h"
#include "io/manager.h"
#include "ke/door.h"
#include "machine/state.h"
#include "nt/status.h"

#include <fmt/format.h>

namespace ringside::machine {

namespace {

char const* irql_name(uint8_t irql)
{
    switch (irql) {
    case 0:
        return "PASS";
    case 1:
        return "APC";
    case 2:
        return "DISP";
    case 13:
        return "CLCK";
    case 14:
        return "IPI";
    case 15:
        return "HIGH";
    default:
        return "DIRQ";
    }
}

std::string status_text(uint64_t value)
{
    auto status = static_cast<int32_t>(value);
    for (auto const& entry : nt::kStatusNames)
        if (entry.status == status)
            return entry.name;
    return fmt::format("{:#010x}", static_cast<uint32_t>(status));
}

char const* major_name(uint64_t major)
{
    static char const* const names[] = { "CREATE", "CREATE_NAMED_PIPE", "CLOSE", "READ", "WRITE", "QUERY_INFORMATION",
        "SET_INFORMATION", "QUERY_EA", "SET_EA", "FLUSH_BUFFERS", "QUERY_VOLUME_INFORMATION", "SET_VOLUME_INFORMATION",
        "DIRECTORY_CONTROL", "FILE_SYSTEM_CONTROL", "DEVICE_CONTROL", "INTERNAL_DEVICE_CONTROL", "SHUTDOWN",
        "LOCK_CONTROL", "CLEANUP", "CREATE_MAILSLOT", "QUERY_SECURITY", "SET_SECURITY", "POWER", "SYSTEM_CONTROL",
        "DEVICE_CHANGE", "QUERY_QUOTA", "SET_QUOTA", "PNP" };
    return major < std::size(names) ? names[major] : "?";
}

std::string driver_label(uint64_t number)
{
    auto* record = io::manager().drivers().by_number(static_cast<uint32_t>(number));
    return record ? record->label : fmt::format("driver {}", number);
}

char const* door_name(uint64_t door)
{
    return door < static_cast<uint64_t>(ke::Door::Count) ? ke::kDoors[door].name : "?";
}

} // namespace

std::string event_words(sim::Record const& r)
{
    using sim::Event;
    auto const code = static_cast<uint16_t>(r.what);
    if (code >= static_cast<uint16_t>(Event::FirstDdi)) {
        Ddi const& row = ldr::g_exports->row(code - static_cast<uint16_t>(Event::FirstDdi));
        std::string text = row.name;
        if (r.subject)
            text += fmt::format("  #{}", r.subject);
        if (row.body.returns_status)
            text += "  " + status_text(r.detail);
        else if (r.detail)
            text += fmt::format("  {:#x}", r.detail);
        return text;
    }
    switch (r.what) {
    case Event::Boot:
        return fmt::format("boot                  {} processors", r.subject);
    case Event::Finish:
        return "finish";
    case Event::DriverLoaded:
        return fmt::format("driver loaded         image #{}", r.subject);
    case Event::DriverUnloaded:
        return fmt::format("driver unloaded       image #{}", r.subject);
    case Event::DispatchEnter:
        return fmt::format("--> dispatch          IRP #{} {} {}", r.subject, major_name(r.detail & 0xFF),
                           driver_label(r.detail >> 16));
    case Event::DispatchReturn:
        return fmt::format("<-- dispatch          IRP #{} {}", r.subject, status_text(r.detail));
    case Event::CompletionEnter:
        return fmt::format("--> completion        IRP #{} {}", r.subject, driver_label(r.detail >> 16));
    case Event::CompletionReturn:
        return fmt::format("<-- completion        IRP #{} {}", r.subject, status_text(r.detail));
    case Event::IrpAllocated:
        return fmt::format("IRP allocated         IRP #{}", r.subject);
    case Event::IrpFreed:
        return fmt::format("IRP freed             IRP #{}", r.subject);
    case Event::IrpCompleted:
        return fmt::format("IRP completed         IRP #{} {}", r.subject, status_text(r.detail));
    case Event::IrpCancelled:
        return fmt::format("IRP cancelled         IRP #{}", r.subject);
    case Event::DeviceCreated:
        return fmt::format("device created        device #{}", r.subject);
    case Event::DeviceDeleted:
        return fmt::format("device deleted        device #{}", r.subject);
    case Event::ThreadStarted:
        return fmt::format("thread started        thread #{}", r.subject);
    case Event::ThreadEnded:
        return fmt::format("thread ended          thread #{} {}", r.subject, status_text(r.detail));
    case Event::UserApc:
        return fmt::format("user-mode APC         thread #{}", r.subject);
    case Event::ThreadSwitch:
        return fmt::format("switch to             thread #{}", r.subject);
    case Event::ProcessorSwitch:
        return fmt::format("switch to             processor {}", r.subject);
    case Event::DpcEnter:
        return "--> DPC";
    case Event::DpcReturn:
        return "<-- DPC";
    case Event::TimerFired:
        return fmt::format("timer fired           timer #{}", r.subject);
    case Event::TimeAdvanced:
        return fmt::format("time advances         {:.7f} s", static_cast<double>(r.detail) / 1e7);
    case Event::CallbackEnter:
        return fmt::format("--> {}", door_name(r.detail));
    case Event::CallbackReturn:
        return fmt::format("<-- {}", door_name(r.detail));
    case Event::FaultInjected:
        return fmt::format("fault injected        {} (fallible call {})", ldr::g_exports->row(r.subject).name,
                           r.detail);
    case Event::Exception:
        return fmt::format("exception             {}", status_text(r.detail));
    case Event::BugCheck:
        return fmt::format("bug check             {:#x} {}", r.detail, ke::bug_check_name(static_cast<uint32_t>(r.detail)));
    case Event::DebugPrint:
    case Event::Note: {
        std::string text(sim::world().log().text(r.detail));
        while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
            text.pop_back();
        return fmt::format("says                  {}", text);
    }
    case Event::Trace:
        return fmt::format("trace event           {}", sim::world().log().text(r.detail));
    case Event::Interrupt:
        return fmt::format("interrupt             vector {:#x}", r.subject);
    case Event::Ipi:
        return fmt::format("IPI                   from processor {}", r.subject);
    case Event::Nmi:
        return "NMI";
    case Event::BreakIn:
        return r.subject ? fmt::format("break-in              int {:x}h, status {:#x}", r.detail, r.subject)
                         : fmt::format("break-in              int {:x}h", r.detail);
    default:
        return fmt::format("event {}", code);
    }
}

std::string log_line(sim::Record const& r)
{
    return fmt::format("{:14.7f}  {}  {:4}  #{:<3}  {}", static_cast<double>(r.time_100ns) / 1e7, r.processor,
                       irql_name(r.irql), r.who, event_words(r));
}

} // namespace ringside::machine
