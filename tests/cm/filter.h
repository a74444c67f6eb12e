// SPDX-License-Identifier: MIT
// A registry filter for tests: it writes down what it is told, and does what the test wants.
#pragma once

#include "cm/callbacks.h"
#include "cm/ddi.h"
#include "key_handles.h"

#include <functional>
#include <map>
#include <string>

namespace ringside::test {

using namespace nt;

inline constexpr char16_t kOurs[] = u"\\Registry\\Machine\\Software\\Ours";

inline std::string class_name(int32_t number)
{
    static std::map<int32_t, std::string> const names {
        { RegNtPreDeleteKey, "+DeleteKey" },
        { RegNtPostDeleteKey, "-DeleteKey" },
        { RegNtPreSetValueKey, "+SetValue" },
        { RegNtPostSetValueKey, "-SetValue" },
        { RegNtPreDeleteValueKey, "+DeleteValue" },
        { RegNtPostDeleteValueKey, "-DeleteValue" },
        { RegNtPreSetInformationKey, "+SetInformation" },
        { RegNtPostSetInformationKey, "-SetInformation" },
        { RegNtPreRenameKey, "+Rename" },
        { RegNtPostRenameKey, "-Rename" },
        { RegNtPreEnumerateKey, "+EnumerateKey" },
        { RegNtPostEnumerateKey, "-EnumerateKey" },
        { RegNtPreEnumerateValueKey, "+EnumerateValue" },
        { RegNtPostEnumerateValueKey, "-EnumerateValue" },
        { RegNtPreQueryKey, "+QueryKey" },
        { RegNtPostQueryKey, "-QueryKey" },
        { RegNtPreQueryValueKey, "+QueryValue" },
        { RegNtPostQueryValueKey, "-QueryValue" },
        { RegNtPreQueryMultipleValueKey, "+QueryMultiple" },
        { RegNtPostQueryMultipleValueKey, "-QueryMultiple" },
        { RegNtPreCreateKeyEx, "+Create" },
        { RegNtPostCreateKeyEx, "-Create" },
        { RegNtPreOpenKeyEx, "+Open" },
        { RegNtPostOpenKeyEx, "-Open" },
        { RegNtPreKeyHandleClose, "+Close" },
        { RegNtPostKeyHandleClose, "-Close" },
        { RegNtPreFlushKey, "+Flush" },
        { RegNtPostFlushKey, "-Flush" },
        { RegNtCallbackObjectContextCleanup, "Cleanup" },
    };
    auto it = names.find(number);
    return it == names.end() ? "?" + std::to_string(number) : it->second;
}

// A filter that writes down what it is told, and does what the test wants.
struct Filter {
    std::string& film;
    std::string name;
    std::function<NTSTATUS(int32_t what, void* info)> act {};
    LARGE_INTEGER cookie {};

    static NTSTATUS NTAPI routine(PVOID context, PVOID what, PVOID info)
    {
        auto& self = *static_cast<Filter*>(context);
        auto const notify_class = static_cast<int32_t>(reinterpret_cast<intptr_t>(what));
        self.film += self.name + class_name(notify_class) + " ";
        return self.act ? self.act(notify_class, info) : STATUS_SUCCESS;
    }
    NTSTATUS add(char16_t const* altitude)
    {
        UNICODE_STRING text = counted(altitude);
        return cm::CmRegisterCallbackEx(routine, &text, nullptr, this, &cookie, nullptr);
    }
    NTSTATUS remove() { return cm::CmUnRegisterCallback(cookie); }
};

inline std::string take(std::string& film)
{
    if (!film.empty())
        film.pop_back();
    return std::exchange(film, {});
}

} // namespace ringside::test
