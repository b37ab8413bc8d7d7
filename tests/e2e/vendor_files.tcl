# vendor_files.tcl FILE: runs a project file of Vivado or Quartus with commands that stand in for the
# vendor's, and says what it asked for, a line each:
#
#     source PATH      a VHDL file, in their order (every one must exist)
#     file PATH        a file of constraints that was read; its commands are run as well
#     clock NAME PERIOD PORT
#     top NAME, part NAME, version NAME
#     step COMMAND
#
# A command that is none of these, or an option that the vendor's command does not have, is an error.

proc say {args} {
    puts [join $args " "]
}

# The value of each -OPTION in `words`, as a dictionary; flags of `flags` take none. The words that
# are left are under "".
proc options {command words known {flags {}}} {
    set result [dict create "" {}]
    while {[llength $words] > 0} {
        set words [lassign $words word]
        if {$word in $flags} {
            dict set result $word 1
        } elseif {$word in $known} {
            if {[llength $words] == 0} {
                error "$command: $word has no value"
            }
            set words [lassign $words value]
            dict set result $word $value
        } elseif {[string match -* $word]} {
            error "$command: no option $word"
        } else {
            dict lappend result "" $word
        }
    }
    return $result
}

proc existing {path} {
    if {![file isfile $path]} {
        error "there is no file $path in [pwd]"
    }
    return $path
}

# ---- both ------------------------------------------------------------------------------------------

proc get_ports {name} {
    return $name
}

proc create_clock {args} {
    set given [options create_clock $args {-name -period}]
    say clock [dict get $given -name] [dict get $given -period] [dict get $given ""]
}

proc constraints {path} {
    say file [existing $path]
    uplevel #0 [list source $path]
}

# ---- Vivado ----------------------------------------------------------------------------------------

proc read_vhdl {args} {
    set given [options read_vhdl $args {-library} {-vhdl2008}]
    if {![dict exists $given -vhdl2008]} {
        error "read_vhdl: not as VHDL-2008: $args"
    }
    foreach list [dict get $given ""] {
        foreach path $list {
            say source [existing $path]
        }
    }
}

proc read_xdc {path} {
    constraints $path
}

proc synth_design {args} {
    set given [options synth_design $args {-top -part -flatten_hierarchy}]
    if {[dict get $given -flatten_hierarchy] ni {none full rebuilt}} {
        error "synth_design: -flatten_hierarchy $given"
    }
    say top [dict get $given -top]
    say part [dict get $given -part]
    say step synth_design
}

proc current_design {} {
    return design
}

proc set_property {name value object} {
    if {$name ni {CFGBVS CONFIG_VOLTAGE}} {
        error "set_property: no property $name"
    }
}

foreach step {opt_design place_design route_design} {
    proc $step {} [list say step $step]
}

proc report_utilization {args} {
    options report_utilization $args {-file} {-hierarchical}
}

proc report_timing_summary {args} {
    options report_timing_summary $args {-file}
}

proc write_checkpoint {args} {
    options write_checkpoint $args {} {-force}
}

# ---- Quartus ---------------------------------------------------------------------------------------

package provide ::quartus::project 1
package provide ::quartus::flow 1

proc project_new {args} {
    options project_new $args {-family -part -revision} {-overwrite}
}

proc set_global_assignment {args} {
    set given [options set_global_assignment $args {-name -library}]
    set value [dict get $given ""]
    if {[llength $value] != 1} {
        error "set_global_assignment: one value is wanted: $args"
    }
    lassign $value value
    switch [dict get $given -name] {
        FAMILY {}
        DEVICE { say part $value }
        VHDL_INPUT_VERSION { say version $value }
        TOP_LEVEL_ENTITY { say top $value }
        VHDL_FILE { say source [existing $value] }
        SDC_FILE { constraints $value }
        default { error "set_global_assignment: no assignment [dict get $given -name]" }
    }
}

proc derive_clock_uncertainty {} {}

proc execute_flow {args} {
    options execute_flow $args {} {-compile}
    say step execute_flow
}

proc project_close {} {}

source [lindex $argv 0]
