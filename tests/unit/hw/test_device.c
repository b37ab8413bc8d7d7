/* The table of devices: found by name, sound, and what is said of names that are not in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hw/device.h"

static void every_device_is_found_and_sound(void **state)
{
    (void)state;
    int count = 0;
    char names[256] = "";
    for (const Device *row = device_list(); row->name; row++, count++) {
        const Device *found = NULL;
        assert_int_equal(device_find(row->name, &found), OK);
        assert_ptr_equal(found, row);
        assert_true(row->lut > 0 && row->ff >= row->lut && row->bram > 0 && row->io > 0);
        assert_int_equal(row->lut_inputs, row->family == FAMILY_XILINX7 ? 6 : 4);
        assert_true((row->nextpnr == NULL) == (row->family == FAMILY_XILINX7));
        assert_true((row->nextpnr == NULL) == (row->nextpnr_package == NULL));
        strcat(strcat(names, count ? ", " : ""), row->name);
    }
    assert_int_equal(count, 9);
    assert_string_equal(device_names(), names);
}

static void case_does_not_matter(void **state)
{
    (void)state;
    const Device *device = NULL;
    assert_int_equal(device_find("HX8K", &device), OK);
    assert_string_equal(device->name, "hx8k");
    assert_string_equal(device_family_word(device->family), "ice40");
}

static void an_unknown_device_lists_the_known(void **state)
{
    (void)state;
    const Device *device = NULL;
    assert_int_equal(device_find("artix7-35", &device), ERR_USAGE);
    assert_non_null(strstr(error_message(), "did you mean artix7-35t?"));
    assert_int_equal(device_find("virtex", &device), ERR_USAGE);
    assert_null(strstr(error_message(), "did you mean"));
    for (const Device *row = device_list(); row->name; row++)
        assert_non_null(strstr(error_message(), row->name));
    assert_null(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_device_is_found_and_sound),
        cmocka_unit_test(case_does_not_matter),
        cmocka_unit_test(an_unknown_device_lists_the_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
