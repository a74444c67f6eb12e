// SPDX-License-Identifier: MIT
// The program: a verb and its options. Whatever is wrong with them, or with a file they name, is one line on standard
// error and exit code 1.
#include "ddi_verb.h"
#include "inspect.h"
#include "plan_options.h"
#include "run_verb.h"
#include "text.h"
#include "usage.h"

#include "base/check.h"
#include "capi/serve.h"

#include <cstdio>
#include <exception>

namespace ringside::cli {

namespace {

constexpr char const* kHelp
    = R"(Ringside runs Windows x64 kernel drivers (.sys) in a Linux process, each run repeatable from its seed.

usage: ringside VERB [options]

  run DRIVER.SYS...     load, open its devices, send I/O, unload, look what is left
  inspect DRIVER.SYS    what the file is: sections, signature, imports, the oldest Windows that can load it
  ddi NAME | --list     the contract of one service that drivers import, or the list of all
  --version             this program's version
  --help                this text; each verb has its own, as in ringside run --help

examples:
  ringside run toaster.sys
  ringside run toaster.sys --ioctl 0x80002000 --in text:hello --out 64
  ringside run toaster.sys --open '\\.\Toaster' --read 16 --seeds 1..200 --explore
  ringside inspect toaster.sys --windows win7
  ringside ddi IoCreateDevice

exit codes: 0 clean; 1 usage or bad input; 2 the driver broke a rule; 3 a bug of Ringside; 4 a service is missing
)";

int run(std::string const& program, std::vector<std::string> arguments)
{
    if (arguments.empty()) {
        std::fputs(kHelp, stderr);
        return kExitUsage;
    }
    std::string verb = arguments.front();
    arguments.erase(arguments.begin());
    if (verb == "--help" || verb == "-h" || verb == "help") {
        std::fputs(kHelp, stdout);
        return kExitClean;
    }
    if (verb == "--version") {
        std::puts("ringside " RINGSIDE_VERSION);
        return kExitClean;
    }
    if (verb == "run")
        return run_verb(program, arguments);
    if (verb == "inspect")
        return inspect_verb(arguments);
    if (verb == "ddi")
        return ddi_verb(arguments);
    // Not for people: the C face's library starts its machine's process in this way (docs/c-api.md).
    if (verb == "serve" && arguments.empty())
        return capi::serve();
    usage("no verb is named '{}'; there are: run, inspect, ddi (see ringside --help)", harmless(verb));
}

} // namespace

} // namespace ringside::cli

int main(int count, char** words)
{
    using namespace ringside;
    try {
        return cli::run(words[0], { words + 1, words + count });
    } catch (cli::ShownHelp const&) {
        return kExitClean;
    } catch (cli::Usage const& wrong) {
        std::fprintf(stderr, "ringside: %s\n", cli::harmless(wrong.what()).c_str());
        return kExitUsage;
    } catch (std::exception const& unexpected) {
        std::fprintf(stderr, "ringside: a bug of Ringside: %s\n", cli::harmless(unexpected.what()).c_str());
        return kExitOurBug;
    }
}
