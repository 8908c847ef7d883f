# -*- coding: utf-7 -*-
+AGkAbQBwAG8AcgB0 +AGEAdQB0AG8AZwByAGEAZA-
