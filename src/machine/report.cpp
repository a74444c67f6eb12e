// SPDX-License-Identifier: MIT
// What a run came to: the end, and what is left.
#include "io/irp.h"
#include "io/request.h"
#include "cm/callbacks.h"
#include "cm/notify.h"
#include "ke/broadcast.h"
#include "ke/bugcheck_callbacks.h"
#include "ke/change_callbacks.h"
#include "ke/guarded.h"
#include "ke/interrupt.h"
#include "machine/state.h"
#include "ob/handle.h"
#include "rtl/multi_byte.h"

#include <fmt/format.h>

namespace ringside {

using namespace nt;

namespace machine {

namespace {

struct Lines {
    Machine::State& machine;
    std::vector<std::string> lines;
    void add(std::string line) { lines.push_back(std::move(line)); }
    void count(size_t n, char const* one, char const* many)
    {
        if (n)
            add(n == 1 ? fmt::format("1 {}", one) : fmt::format("{} {}", n, many));
    }
};

std::string tag_text(uint32_t tag)
{
    std::string text;
    for (int i = 0; i < 4; ++i) {
        auto c = static_cast<char>(tag >> (8 * i));
        text += c >= 0x20 && c < 0x7F ? c : '.';
    }
    return text;
}

std::string place(Machine::State& machine, uint64_t address)
{
    auto const* image = machine.rooms->kernel.images().find(address);
    if (!image)
        image = machine.rooms->kernel.images().find_unloaded(address);
    return image ? fmt::format("{}+{:#x}", image->name, address - image->base) : fmt::format("{:#x}", address);
}

void irps(Lines& out)
{
    out.machine.rooms->io.irps().for_each(
        [](void* context, io::IrpRecord const& record) {
            auto& lines = *static_cast<Lines*>(context);
            auto* driver = lines.machine.rooms->io.drivers().by_number(record.driver_number);
            char const* state = record.state == io::IrpState::Pending ? "pending in"
                : record.state == io::IrpState::Owned                 ? "not freed by"
                : record.state == io::IrpState::InFlight              ? "not completed by"
                                                                      : "not finished by";
            lines.add(fmt::format("IRP #{} is {} {}", record.number, state, driver ? driver->label : "its maker"));
        },
        &out);
}

void pool(Lines& out)
{
    ex::for_each_block(
        [](void* context, ex::Block const& block) {
            if (block.owner != ex::Owner::Driver)
                return;
            auto& lines = *static_cast<Lines*>(context);
            lines.add(fmt::format("pool block #{}, {} bytes, tag '{}', allocated at {}", block.number, block.bytes,
                                  tag_text(block.tag), place(lines.machine, block.caller)));
        },
        &out);
}

void damaged_pool(Lines& out)
{
    ex::for_each_damaged_block(
        [](void* context, ex::Block const& block) {
            auto& lines = *static_cast<Lines*>(context);
            lines.add(fmt::format("the memory around pool block #{}, {} bytes, tag '{}', was written over{}", block.number,
                                  block.bytes, tag_text(block.tag),
                                  block.caller ? ", allocated at " + place(lines.machine, block.caller) : ""));
        },
        &out);
}

// A text of a driver's, which need not be there any more.
std::string text_at(char const* at)
{
    std::string text;
    for (auto c = ke::read_guarded<char>(at); c && *c && text.size() < 260; c = ke::read_guarded<char>(++at))
        text += *c;
    return text;
}

// What a thread waits for that never comes back from IoReleaseRemoveLockAndWait.
void remove_locks(Lines& out)
{
    for (auto const& wait : out.machine.rooms->io.removal_waits) {
        LONG const held = ke::read_guarded<IO_REMOVE_LOCK>(wait.lock).value_or(IO_REMOVE_LOCK {}).Common.IoCount;
        out.add(fmt::format("thread {} waits in IoReleaseRemoveLockAndWait: the lock is held {}", wait.thread,
                            held == 1 ? "once" : fmt::format("{} times", held)));
        io::for_each_holder(
            wait,
            [](void* context, io::RemoveLockHolder const& holder) {
                auto const tag = reinterpret_cast<uint64_t>(holder.tag);
                std::string const file = text_at(holder.file);
                static_cast<Lines*>(context)->add(
                    fmt::format("the remove lock is held with the tag {:#x}{}", tag,
                                file.empty() ? "" : fmt::format(", acquired at {}:{}", file, holder.line)));
            },
            &out);
    }
}

// Drivers that stay loaded may keep their devices; one that unloaded may not.
void unloaded_drivers(Lines& out)
{
    for (auto const& driver : out.machine.drivers) {
        if (!driver->driver_number)
            continue;
        auto* record = out.machine.rooms->io.drivers().by_number(driver->driver_number);
        if (!record || !record->unload_called)
            continue;
        out.count(record->leftovers.devices, fmt::format("device of {} was not deleted", record->label).c_str(),
                  fmt::format("devices of {} were not deleted", record->label).c_str());
        for (auto const& link : record->symbolic_links)
            out.add(fmt::format("symbolic link {} of {} was not deleted", rtl::utf8(link), record->label));
    }
}

} // namespace

std::vector<std::string> what_is_left(Machine::State& machine)
{
    Lines out { machine, {} };
    auto& rooms = *machine.rooms;
    irps(out);
    pool(out);
    damaged_pool(out);
    unloaded_drivers(out);
    remove_locks(out);
    auto const ex_left = rooms.executive.residue();
    out.count(ex_left.lookaside_lists, "lookaside list was not deleted", "lookaside lists were not deleted");
    out.count(ex_left.resources, "ERESOURCE was not deleted", "ERESOURCEs were not deleted");
    out.count(ex_left.work_items, "work item is queued or running", "work items are queued or running");
    out.count(ex_left.timers, "timer of ExAllocateTimer was not deleted", "timers of ExAllocateTimer were not deleted");
    out.count(ex_left.trace_providers, "event provider is registered", "event providers are registered");
    out.count(ex_left.heaps, "heap was not destroyed", "heaps were not destroyed");
    for (auto& line : io::wmi_left())
        out.add(std::move(line));
    out.count(rooms.io.boot_drivers().registrations().size(), "boot driver callback is registered",
              "boot driver callbacks are registered");
    for (auto const& count : rooms.io.keep_alive().counts())
        out.add(fmt::format("{} keep-alive count{} of {} {} not taken back", count.count, count.count == 1 ? "" : "s",
                            count.process, count.count == 1 ? "was" : "were"));
    auto const mm_left = rooms.memory.residue();
    out.count(mm_left.locked_mdls, "MDL's pages are still locked", "MDLs' pages are still locked");
    out.count(mm_left.mapped_mdls, "MDL is still mapped", "MDLs are still mapped");
    out.count(mm_left.user_views, "user mapping of an MDL is left", "user mappings of MDLs are left");
    out.count(mm_left.contiguous_blocks, "contiguous block was not freed", "contiguous blocks were not freed");
    out.count(mm_left.mdl_page_sets, "set of MDL pages was not freed", "sets of MDL pages were not freed");
    out.count(mm_left.io_mappings, "MmMapIoSpace mapping is left", "MmMapIoSpace mappings are left");
    out.count(mm_left.cache_conflicts, "mapping was made with another cache type than its pages had",
              "mappings were made with another cache type than their pages had");
    out.count(mm_left.reserved_ranges, "reserved mapping range is left", "reserved mapping ranges are left");
    out.count(mm_left.secured_ranges, "secured range is left", "secured ranges are left");
    out.count(mm_left.sections, "section is open or mapped", "sections are open or mapped");
    out.count(mm_left.system_views, "view in system space is left", "views in system space are left");
    out.count(mm_left.system_regions, "region of the System process is left", "regions of the System process are left");
    size_t const handles = ob::open_kernel_handles();
    out.count(handles > machine.kernel_handles_at_boot ? handles - machine.kernel_handles_at_boot : 0,
              "kernel handle is open", "kernel handles are open");
    out.count(rooms.objects.callbacks.count(), "set of object callbacks is registered",
              "sets of object callbacks are registered");
    out.count(rooms.processes.notify_routines(), "process, thread or image notify routine is registered",
              "process, thread or image notify routines are registered");
    out.count(rooms.processes.driver_threads(), "system thread of a driver has not ended",
              "system threads of drivers have not ended");
    out.count(rooms.kernel.timers_pending(), "timer is set", "timers are set");
    out.count(rooms.kernel.dpcs_pending(), "DPC is queued", "DPCs are queued");
    out.count(rooms.kernel.interrupt_objects().connected(), "interrupt is connected", "interrupts are connected");
    out.count(ke::nmi_callbacks(), "NMI callback is registered", "NMI callbacks are registered");
    out.count(ke::change_callbacks(), "processor or bound callback is registered",
              "processor or bound callbacks are registered");
    out.count(ke::bug_check_callbacks(), "bug-check callback is registered", "bug-check callbacks are registered");
    out.count(cm::g_callbacks->count(), "registry callback is registered", "registry callbacks are registered");
    out.count(cm::notifies_pending(), "ZwNotifyChangeKey waits", "calls of ZwNotifyChangeKey wait");
    out.count(rooms.io.files().live(), "file object is referenced", "file objects are referenced");
    return out.lines;
}

std::vector<TraceLine> trace_lines(Machine::State& machine, ke::BackTrace const& trace)
{
    std::vector<TraceLine> lines;
    auto const& images = machine.rooms->kernel.images();
    for (size_t i = 0; i < trace.count; ++i) {
        TraceLine line;
        line.address = trace.addresses[i];
        auto const* image = images.find(line.address);
        if (!image)
            image = images.find_unloaded(line.address);
        if (image) {
            line.module = image->name;
            line.path = image->path;
            line.rva = line.address - image->base;
        }
        lines.push_back(std::move(line));
    }
    return lines;
}

Report make_report(Machine::State& machine)
{
    Report report;
    auto& world = sim::world();
    auto const* crash = machine.rooms->kernel.crash();
    report.seed = machine.options.seed;
    report.events = world.log().count();
    report.hash = world.log().hash();
    report.faults_injected = world.faults().fired();
    report.fallible_calls = world.faults().asked();
    report.virtual_seconds = static_cast<double>(world.now_100ns()) / 1e7;
    report.replayable = world.replayable();
    report.missing = machine.rooms->exports.missing();
    for (uint64_t i = world.log().first_kept(); i < world.log().count(); ++i) {
        auto const& record = world.log().at(i);
        if (record.what != sim::Event::DebugPrint)
            continue;
        std::string text(world.log().text(record.detail));
        while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
            text.pop_back();
        report.said.push_back(std::move(text));
    }
    if (crash) {
        report.processor = crash->processor;
        report.irql = crash->irql;
        report.thread = crash->thread;
        report.words = crash->words;
        report.rule = crash->rule;
        report.trace = trace_lines(machine, crash->trace);
        if (crash->kind == ke::EndKind::MissingService) {
            report.end = Report::End::MissingService;
            report.service = crash->service;
            report.exit_code = kExitServiceMissing;
            return report;
        }
        report.end = Report::End::BugCheck;
        report.code = crash->code;
        report.code_name = ke::bug_check_name(crash->code);
        std::copy(std::begin(crash->parameters), std::end(crash->parameters), report.parameters);
        report.exit_code = kExitDriverBrokeARule;
        return report;
    }
    report.leaks = what_is_left(machine);
    if (!report.leaks.empty()) {
        report.end = Report::End::Leaks;
        report.words = "the run ended, and something is left";
        report.exit_code = kExitDriverBrokeARule;
    }
    return report;
}

} // namespace machine

std::vector<std::string> Machine::pending() const
{
    std::vector<std::string> lines;
    for (auto const& request : m_state->requests) {
        if (request->finished || !request->operation || (request->issued && io::is_done(*request->operation)))
            continue;
        auto* irp = request->operation->irp;
        auto const* record = irp ? m_state->rooms->io.irps().find_ours(irp) : nullptr;
        auto* driver = record ? m_state->rooms->io.drivers().by_number(record->driver_number) : nullptr;
        lines.push_back(fmt::format("IRP #{} on {} is held by {}", request->operation->irp_number, request->file->path,
                                    driver ? driver->label : "a driver"));
    }
    for (auto& line : machine::held_by_wmi_providers(*m_state))
        lines.push_back(std::move(line));
    return lines;
}

std::vector<DeviceLine> Machine::devices() const
{
    struct Collected {
        Machine::State& machine;
        std::vector<DeviceLine> lines;
        std::map<std::string, std::vector<std::string>> links; // by target
    } out { *m_state, {}, {} };
    ob::for_each_in(
        u"\\GLOBAL??",
        [](void* context, std::u16string const& name, void* body, ob::Type& type) {
            if (&type == &ob::symbolic_link_type)
                static_cast<Collected*>(context)->links[rtl::utf8(ob::target_of_link(body))].push_back(
                    "\\\\.\\" + rtl::utf8(name));
        },
        &out);
    m_state->rooms->io.devices().for_each(
        [](void* context, io::DeviceRecord const& record) {
            auto& c = *static_cast<Collected*>(context);
            if (!record.device || record.unlinked || (record.driver && record.driver->internal))
                return;
            DeviceLine line;
            line.name = rtl::utf8(record.name);
            line.driver = record.driver ? record.driver->label : "";
            line.type = record.device->DeviceType;
            if (!line.name.empty())
                line.links = c.links[line.name];
            io::DeviceRecord const* top = &record;
            while (top->attached)
                top = top->attached;
            for (auto const* d = top; d; d = d->attached_to)
                line.stack += (line.stack.empty() ? "" : " > ") + (d->driver ? d->driver->label : std::string("?"));
            c.lines.push_back(std::move(line));
        },
        &out);
    return out.lines;
}

} // namespace ringside
