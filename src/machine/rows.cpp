// SPDX-License-Identifier: MIT
#include "machine/rows.h"

#include "cm/ddi.h"
#include "ex/ddi.h"
#include "io/ddi.h"
#include "ke/ddi.h"
#include "mm/ddi.h"
#include "ob/ddi.h"
#include "ps/ddi.h"
#include "ps/memory_rows.h"
#include "ps/token.h"
#include "rtl/ddi.h"
#include "se/ddi.h"

namespace ringside::machine {

std::vector<std::span<Ddi const>> all_rows()
{
    return { rtl::ddi_rows(),     ke::ddi_rows(),         mm::ddi_rows(), mm::driver_rows(), ex::ddi_rows(),
             ob::ddi_rows(),      se::ddi_rows(),         ps::ddi_rows(), ps::token_rows(),  ps::memory_rows(),
             ps::accessor_rows(), ps::information_rows(), cm::ddi_rows(), io::ddi_rows() };
}

} // namespace ringside::machine
