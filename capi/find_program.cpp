// SPDX-License-Identifier: MIT
#include "link.h"

#include "server.h"

#include <ringside.h>

#include <cstdlib>
#include <dlfcn.h>
#include <fmt/format.h>
#include <unistd.h>
#include <vector>

namespace ringside::capi {

namespace {

// The folder of the file that this code is in.
std::string library_folder()
{
    Dl_info info {};
    if (!dladdr(reinterpret_cast<void*>(&ringside_version), &info) || !info.dli_fname)
        return ".";
    std::string path = info.dli_fname;
    size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash);
}

} // namespace

std::string find_program(std::string const& given)
{
    // Who names a program means that one.
    std::vector<std::string> places;
    if (char const* named = secure_getenv("RINGSIDE_PROGRAM"); !given.empty())
        places = { given };
    else if (named && *named)
        places = { named };
    else {
        std::string const folder = library_folder();
        places = { folder + "/ringside", folder + "/../bin/ringside", folder + "/../../bin/ringside",
                   RINGSIDE_INSTALLED_PROGRAM };
    }
    std::string looked;
    for (std::string const& place : places) {
        if (access(place.c_str(), X_OK) == 0)
            return place;
        looked += looked.empty() ? place : ", " + place;
    }
    throw Refused(RINGSIDE_NO_PROGRAM,
                  fmt::format("the program 'ringside' for the machine's process is not at {} (options.program or the "
                              "environment's RINGSIDE_PROGRAM name another place)",
                              looked));
}

} // namespace ringside::capi
