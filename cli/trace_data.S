// SPDX-License-Identifier: MIT
// The page of a trace: its frame, style and script.
    .section .rodata
    .global ringside_trace_html, ringside_trace_html_end
    .global ringside_trace_css, ringside_trace_css_end
    .global ringside_trace_js, ringside_trace_js_end
ringside_trace_html:
    .incbin "cli/trace/page.html"
ringside_trace_html_end:
ringside_trace_css:
    .incbin "cli/trace/page.css"
ringside_trace_css_end:
ringside_trace_js:
    .incbin "cli/trace/page.js"
ringside_trace_js_end:
    .section .note.GNU-stack, "", @progbits
