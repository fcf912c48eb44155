def compare(compare_case): return 0
