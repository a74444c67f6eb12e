// SPDX-License-Identifier: MIT
// The soak: requests of mixed kind through a stack of four drivers, in a machine whose calls fail now and then,
// until so many IRPs have lived. What must hold: memory is flat, replies are right, and nothing is left at the end.
//
//     ringside_soak --irps 100000000 --seed 1
//     ringside_soak --irps 50000 --checks both     observed, too, and whether both runs are the same
//
// Prints a line for each twentieth of the way and exits with 0 when all of it held. Kept figures: docs/soak.md.
#include "soak.h"

#include "io/manager.h"
#include "machine/state.h"

#include <ringside/ringside.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <deque>
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <random>
#include <unistd.h>

using namespace ringside;

namespace {

constexpr int32_t kInsufficient = static_cast<int32_t>(0xC000009A);
constexpr int32_t kCancelled = static_cast<int32_t>(0xC0000120);
constexpr char const* kDrivers[] = { "soak_port", "soak_copy", "soak_hold", "soak_split" };
constexpr uint32_t kSteps = 20;
constexpr size_t kAhead = 16; // requests that are out at once
constexpr int kTries = 1000; // of what a fault may end before the storm has begun
constexpr uint64_t kTellingIrps = 500'000; // fewer say nothing about memory

struct Options {
    uint64_t irps = 1'000'000;
    uint64_t seed = 1;
    uint32_t fire_percent = 1;
    Checks checks = Checks::Verified;
};

// Pages of this process in memory, in KiB.
uint64_t resident_kib()
{
    uint64_t all = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> all >> resident;
    return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) / 1024;
}

struct Counts {
    uint64_t done = 0, failed = 0, cancelled = 0, opens = 0, refused_opens = 0;
};

class Soak {
public:
    explicit Soak(Options const& options)
        : m_random(options.seed)
        , m_machine(
              { .seed = options.seed,
                .checks = options.checks,
                .faults = { .site_on_percent = 100, .fire_percent = options.fire_percent } })
    {
        for (char const* name : kDrivers)
            load(name);
        reopen();
    }

    uint64_t irps() { return m_machine.state().rooms->io.irps().born(); }
    uint64_t live_irps() { return m_machine.state().rooms->io.irps().live(); }
    Counts const& counts() const { return m_counts; }
    std::optional<std::string> const& wrong() const { return m_wrong; }
    // Pages of the machine's memory that are in use.
    uint64_t pages()
    {
        auto& physical = m_machine.state().rooms->physical;
        return physical.bytes() / 4096 - physical.free_pages();
    }
    bool going() { return !m_wrong && !m_machine.crashed(); }

    // One request or one open, whichever comes.
    void step()
    {
        uint32_t const kind = below(100);
        if (kind < 50)
            control(kind);
        else if (kind < 60)
            read();
        else if (kind < 68)
            write();
        else if (kind < 98)
            send_ahead();
        else
            reopen();
        while (m_out.size() > kAhead)
            take_oldest();
    }

    Report finish()
    {
        while (!m_out.empty())
            take_oldest();
        m_file->close();
        return m_machine.finish();
    }

private:
    uint32_t below(uint32_t limit) { return static_cast<uint32_t>(m_random() % limit); }

    void load(char const* name)
    {
        for (int i = 0; i < kTries; ++i)
            if (m_machine.load(std::string(RINGSIDE_DRIVERS "/") + name + ".sys").status() >= 0)
                return;
        m_wrong = fmt::format("{} never loaded", name);
    }

    void reopen()
    {
        if (m_file)
            m_file->close();
        for (int i = 0; i < kTries; ++i) {
            m_file.emplace(m_machine.open(R"(\\.\Soak)"));
            if (m_file->ok()) {
                ++m_counts.opens;
                return;
            }
            ++m_counts.refused_opens;
        }
        m_wrong = "the device never opened";
    }

    // A failure must be one that a missing resource, or a cancel that was asked for, explains.
    bool judge(Reply const& reply, char const* what, bool may_be_cancelled = false)
    {
        if (reply.ok()) {
            ++m_counts.done;
            return true;
        }
        if (reply.status == kInsufficient)
            ++m_counts.failed;
        else if (may_be_cancelled && reply.status == kCancelled)
            ++m_counts.cancelled;
        else
            m_wrong = fmt::format("{} ended with {:#x}", what, static_cast<uint32_t>(reply.status));
        return false;
    }

    void expect(bool holds, char const* what)
    {
        if (!holds)
            m_wrong = what;
    }

    void control(uint32_t kind)
    {
        struct {
            uint32_t code;
            char const* name;
            bool adds;
        } constexpr kCodes[] = {
            { IOCTL_SOAK_BUFFERED, "a buffered control code", true },
            { IOCTL_SOAK_OUT_DIRECT, "an out-direct control code", true },
            { IOCTL_SOAK_NEITHER, "a control code without a method", true },
            { IOCTL_SOAK_IN_DIRECT, "an in-direct control code", false },
            { IOCTL_SOAK_WORK, "a control code for a work item", false },
            { IOCTL_SOAK_BUILT, "a control code that makes another", false },
            { IOCTL_SOAK_REUSED, "a control code that sends one IRP eight times", false },
        };
        auto const& code = kCodes[kind % std::size(kCodes)];
        size_t const bytes = 1 + below(64);
        auto in = std::span(m_bytes).first(bytes);
        in[0] = std::byte(kind);
        Reply reply = m_file->ioctl(code.code, in, code.adds ? bytes : code.code == IOCTL_SOAK_IN_DIRECT ? 8 : 0);
        if (judge(reply, code.name) && code.adds)
            expect(reply.bytes.size() == bytes && reply.bytes[0] == std::byte(uint8_t(kind + 1)), code.name);
    }

    void judge_read(Reply const& reply, uint64_t offset, size_t bytes, bool may_be_cancelled)
    {
        if (judge(reply, "a read", may_be_cancelled))
            expect(reply.bytes.size() == bytes && reply.bytes.back() == std::byte(uint8_t(offset + bytes - 1)),
                   "a read's data");
    }

    // One in four is long enough to be split.
    size_t read_bytes() { return below(4) ? 1 + below(SOAK_PIECE) : SOAK_PIECE + 1 + below(SOAK_PIECE * 3); }

    void read()
    {
        uint64_t const offset = below(4096);
        size_t const bytes = read_bytes();
        judge_read(m_file->read(bytes, offset), offset, bytes, false);
    }

    void write()
    {
        size_t const bytes = 1 + below(512);
        Reply reply = m_file->write(std::span(m_bytes).first(bytes), below(4096));
        if (judge(reply, "a write"))
            expect(reply.information == bytes, "a write's length");
    }

    struct Out {
        Request request;
        bool is_read;
        bool cancelled;
        uint64_t offset;
        size_t bytes;
    };

    // Sent and not waited for; one in three is cancelled at once, or after others were sent.
    void send_ahead()
    {
        uint64_t const offset = below(4096);
        size_t const bytes = read_bytes();
        bool const is_read = below(2);
        Out out { is_read ? m_file->start_read(bytes, offset)
                          : m_file->start_write(std::span(m_bytes).first(std::min<size_t>(bytes, 512)), offset),
                  is_read, false, offset, is_read ? bytes : std::min<size_t>(bytes, 512) };
        m_out.push_back(std::move(out));
        if (below(3) == 0) {
            Out& victim = m_out[below(static_cast<uint32_t>(m_out.size()))];
            victim.request.cancel();
            victim.cancelled = true;
        }
    }

    void take_oldest()
    {
        Out out = std::move(m_out.front());
        m_out.pop_front();
        Reply reply = out.request.wait();
        // A handle that closed took its waiting reads along.
        if (out.is_read)
            judge_read(reply, out.offset, out.bytes, true);
        else if (judge(reply, "a write", true))
            expect(reply.information == out.bytes, "a write's length");
    }

    std::mt19937_64 m_random;
    Machine m_machine;
    std::optional<File> m_file;
    std::deque<Out> m_out;
    std::array<std::byte, 512> m_bytes {};
    Counts m_counts;
    std::optional<std::string> m_wrong;
};

// What a run came to. `hash` is the event log's.
struct Outcome {
    bool held;
    uint64_t hash;
};

Outcome run(Options const& options)
{
    auto const began = std::chrono::steady_clock::now();
    Soak soak(options);
    uint64_t first_kib = 0, last_kib = 0;
    std::printf("%12s %10s %12s %10s %10s %10s %10s\n", "IRPs", "seconds", "memory KiB", "live IRPs", "pages", "failed",
                "cancelled");
    for (uint32_t step = 1; step <= kSteps && soak.going(); ++step) {
        while (soak.irps() < options.irps / kSteps * step && soak.going())
            soak.step();
        last_kib = resident_kib();
        // What the machine takes once (pools, tables, the host's own heap) has been taken after a tenth.
        if (step == kSteps / 10)
            first_kib = last_kib;
        std::chrono::duration<double> const took = std::chrono::steady_clock::now() - began;
        std::printf("%12lu %10.1f %12lu %10lu %10lu %10lu %10lu\n", soak.irps(), took.count(), last_kib,
                    soak.live_irps(), soak.pages(), soak.counts().failed, soak.counts().cancelled);
        std::fflush(stdout);
    }
    Counts const counts = soak.counts();
    Report report = soak.finish();
    std::printf("\nrequests done %lu, failed for want of a resource %lu, cancelled %lu, opens %lu, refused %lu\n",
                counts.done, counts.failed, counts.cancelled, counts.opens, counts.refused_opens);
    std::printf("faults injected %lu of %lu calls; %lu events; %.3f s of virtual time; hash %016lx\n",
                report.faults_injected, report.fallible_calls, report.events, report.virtual_seconds, report.hash);
    std::printf("memory after a tenth %lu KiB, at the end %lu KiB, ratio %.3f\n", first_kib, last_kib,
                first_kib ? double(last_kib) / double(first_kib) : 0.0);
    for (auto const& line : report.leaks)
        std::printf("left: %s\n", line.c_str());
    if (soak.wrong())
        std::printf("wrong: %s\n", soak.wrong()->c_str());
    if (report.end == Report::End::BugCheck)
        std::printf("bug check %#x %s by %s: %s (%#lx, %#lx, %#lx, %#lx)\n", report.code, report.code_name.c_str(),
                    report.rule.c_str(), report.words.c_str(), report.parameters[0], report.parameters[1],
                    report.parameters[2], report.parameters[3]);
    for (auto const& line : report.trace)
        std::printf("  at %s+%#lx\n", line.module.c_str(), line.rva);
    bool const flat = options.irps < kTellingIrps || last_kib <= first_kib + first_kib / 50;
    if (!flat)
        std::printf("wrong: memory grew by more than 2 per cent\n");
    bool const held = !soak.wrong() && report.end == Report::End::Clean && flat;
    std::printf("%s\n", held ? "held" : "did not hold");
    return { held, report.hash };
}

} // namespace

int main(int argc, char** argv)
{
    Options options;
    std::string checks = "verified";
    CLI::App app {
        "Requests of mixed kind through a stack of four drivers, with faults, until memory has proved flat."
    };
    app.add_option("--irps", options.irps, "IRPs to live")
        ->check(CLI::Range(uint64_t { kSteps }, uint64_t { 4'000'000'000 }));
    app.add_option("--seed", options.seed, "of the machine and of the mix");
    app.add_option("--fire", options.fire_percent, "per cent of fallible calls that fail")->check(CLI::Range(0u, 50u));
    app.add_option("--checks", checks, "of the machine; both: one after the other, which must be the same run")
        ->check(CLI::IsMember({ "verified", "observed", "both" }));
    CLI11_PARSE(app, argc, argv);

    options.checks = checks == "observed" ? Checks::Observed : Checks::Verified;
    Outcome const first = run(options);
    if (checks != "both")
        return first.held ? 0 : 1;
    options.checks = Checks::Observed;
    Outcome const second = run(options);
    bool const same = first.hash == second.hash;
    std::printf("verified and observed: %s\n", same ? "the same run" : "wrong: two different runs");
    return first.held && second.held && same ? 0 : 1;
}
